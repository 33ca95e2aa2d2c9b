import { said } from './said';

export const request = (ctx) => ({ operation: 'BatchInvoke', payload: ctx.source.next });
export const response = (ctx) => said(ctx);
