// What the server says about its project, in the script that replaces `syncline-config` in index.html.
// Absent under `npm run dev`.
const injected = window.__SYNCLINE__ ?? {};

const NEUTRAL_QUERY = `# Write an operation and run it with Ctrl+Enter or the button on the right.
# Ctrl+Space completes names; the book on the left shows the schema.
{
  __typename
}
`;

/** The project's name, from `syncline.yaml`. */
export const name = injected.name || 'Syncline';

/** What the first tab shows on the first visit, and every new tab. */
export const defaultQuery = injected.defaultQuery || NEUTRAL_QUERY;

/** Request headers to begin with, such as a local API key; `undefined` leaves the headers editor empty. */
export const defaultHeaders = injected.defaultHeaders;

// Relative to the page, so that a base path (`/prod/` -> `/prod/graphql`) needs no configuration.
export const endpoint = new URL('graphql', document.baseURI);
export const realtimeEndpoint = new URL('graphql/realtime', document.baseURI);
realtimeEndpoint.protocol = realtimeEndpoint.protocol.replace('http', 'ws');
