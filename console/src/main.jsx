import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './console.css';
import { defaultHeaders, defaultQuery, name } from './config.js';
import { fetcher } from './fetcher.js';
import { projectStorage } from './storage.js';

const storage = projectStorage(name);

function Console() {
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultQuery={defaultQuery}
      defaultHeaders={defaultHeaders && JSON.stringify(defaultHeaders, null, 2)}
      isHeadersEditorEnabled
    >
      <GraphiQL.Logo>
        <header className="console-header">
          <h1>{name}</h1>
          <a href="health" target="_blank" rel="noreferrer">
            Health
          </a>
        </header>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

if (name !== 'Syncline') document.title = `${name} · Syncline`;
createRoot(document.getElementById('root')).render(<Console />);
