export function titleOf(doc) {
  return doc.title.trim();
}
