export const request = () => ({});
