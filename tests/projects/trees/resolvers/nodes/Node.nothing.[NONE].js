export const request = () => ({});
export const response = () => null;
