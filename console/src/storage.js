/**
 * localStorage with a drawer for each project.
 *
 * Every project on a laptop is served from the same origin, http://127.0.0.1:4000. Without the prefix a project would
 * open with the tabs of the one before it, and its sample query would never be seen.
 */
export function projectStorage(name) {
  const prefix = `syncline:${name}:`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return {
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => localStorage.setItem(prefix + key, value),
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return keys().length;
    },
  };
}
