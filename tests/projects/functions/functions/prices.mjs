// Prices of a list of contexts, each as `{data, errorMessage, errorType}`.
import { serve } from './serve.mjs';

const price = (id) => ({ net: 100 * id, gross: 119 * id, secret: 'not selected' });

serve((contexts) =>
  contexts.map(({ source: { id } }) => {
    if (id === '3') return { data: price(3), errorMessage: 'the price is stale', errorType: 'Stale', errorInfo: 'dropped' };
    if (id === '4') return null;
    if (id === '5') return { errorMessage: 'no price' };
    if (id === '6') return price(6); // no `data`
    return { data: price(Number(id)), errorMessage: null, errorType: null };
  }),
);
