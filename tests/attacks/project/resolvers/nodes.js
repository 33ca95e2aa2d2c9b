/** A node that leads to itself by properties. */
export const node = (id) => ({ id, name: `node ${id}`, text: 'x'.repeat(1000), self: { id, self: { id } } });

/** A node with long lists besides. */
export const large = (id) => ({
  ...node(id),
  numbers: Array.from({ length: 1000 }, (_, n) => n),
  misfits: Array(1000).fill('no number'),
});
