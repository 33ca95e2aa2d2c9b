// Ratings of a list of payloads: ten times the number, null for the third.
import { serve } from './serve.mjs';

serve((payloads) => payloads.map(({ id, scale }) => (id === '3' ? null : Number(id) * (scale ?? 10))));
