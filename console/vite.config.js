import { defineConfig } from 'vite';

export default defineConfig({
  // Relative URLs: the page also works below a base path such as an API Gateway stage.
  base: './',
  plugins: [withoutWebFonts()],
  build: {
    // One script and one style sheet. Where the page is served by a Lambda every file is an invocation,
    // and GraphiQL asks for all of its thirty chunks at start anyway.
    rolldownOptions: { output: { codeSplitting: false }, onLog: withoutDirectiveNotes },
    chunkSizeWarningLimit: 1500,
    // Nothing but scripts, styles and files of our own origin, so that a Content-Security-Policy can stay short.
    assetsInlineLimit: 0,
    // The binary hands these packages on, and their licences ask to be handed on with them.
    license: { fileName: 'licenses.md' },
  },
  server: {
    // `npm run dev` is the page only; `syncline dev` beside it answers.
    proxy: {
      '/graphql': { target: 'http://127.0.0.1:4000', ws: true },
      '/health': 'http://127.0.0.1:4000',
    },
  },
});

/** Drops the fonts that GraphiQL embeds in its style sheet: 40 % of the page. `console.css` names the system's instead. */
function withoutWebFonts() {
  return {
    name: 'without-web-fonts',
    enforce: 'pre',
    transform: {
      filter: { id: /graphiql.*\.css$/ },
      handler: (code) => ({ code: code.replace(/@font-face\s*\{[^}]*\}/g, ''), map: null }),
    },
  };
}

/** The bundler remarks on every `"use client"`, a mark for servers that render React. */
function withoutDirectiveNotes(level, log, next) {
  if (log.code !== 'MODULE_LEVEL_DIRECTIVE') next(level, log);
}
