import { said } from '../said';

export const request = (ctx) => ({ operation: 'BatchInvoke', payload: ctx.prev.result ? ctx.prev.result.next : null });
export const response = (ctx) => said(ctx);
