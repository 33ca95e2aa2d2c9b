// Starts dynalite, an implementation of DynamoDB that is not ours, on a free port and says which one.
import dynalite from 'dynalite';

const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
// Its parent's end of the pipe closes when the parent is gone, however it went.
process.stdin.resume().on('end', () => process.exit());
