// Fails as `how` says: of a payload, of a context's arguments, or of the first of a list.
import { serve } from './serve.mjs';

class OutOfStock extends Error {
  name = 'OutOfStock';
}

class UnauthorizedException extends Error {
  name = 'UnauthorizedException';
}

const faults = {
  none: () => 'fine',
  nothing: () => null,
  custom: () => {
    throw new OutOfStock('none is left');
  },
  plain: () => {
    throw new Error('something went wrong');
  },
  unauthorized: () => {
    throw new UnauthorizedException('tenant 7 is blocked');
  },
  timeout: () => {
    const error = new Error('RequestId: 1 Error: Task timed out after 3.00 seconds');
    error.name = 'Sandbox.Timedout';
    throw error;
  },
  crash: () => {
    process.stderr.write('out of memory\n');
    process.exit(3);
  },
  short: (event) => event.slice(1),
  object: () => ({ 0: 1 }),
};

serve((event) => {
  const first = Array.isArray(event) ? event[0] : event;
  const how = first.how ?? first.arguments?.how;
  if (first.info?.fieldName === 'described') return { id: first.arguments.id, net: 1 };
  if (first.info?.fieldName === 'directThrown') return faults.custom();
  return faults[how](event);
});
