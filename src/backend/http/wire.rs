//! A connection that remembers what hyper does not tell: how the server spells the names of its headers (hyper has them in
//! lower case, and AppSync's handlers read them as they came), and how far an exchange had come when it broke.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::value::Str;

/// Bytes of one head that are looked at. hyper refuses heads that are longer than some 400 KB.
const MOST_HEAD_BYTES: usize = 64 * 1024;

/// Names that are remembered of one connection.
const MOST_NAMES: usize = 1_000;

/// Whatever a connection runs over: TCP, TLS, either through a proxy.
pub(super) trait Stream: Read + Write + Send + Unpin {}
impl<T: Read + Write + Send + Unpin> Stream for T {}

/// A connection of HTTP/1.1, and the notes on it.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// `None` where nobody will ask for them.
    notes: Option<Notes>,
    /// Whether requests go to a proxy that forwards each, so that they must name the host.
    is_forwarded: bool,
}

impl Wire {
    pub fn new(stream: impl Stream + 'static, is_forwarded: bool, takes_notes: bool) -> Wire {
        Wire { stream: Box::new(stream), notes: takes_notes.then(Notes::default), is_forwarded }
    }

    fn wrote(&self) {
        self.notes.iter().for_each(Notes::wrote);
    }
}

/// What is known of a connection; every answer that came over it carries them.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Spellings by lower-case name. A server spells a name in one way.
    names: HashMap<String, Str>,
    /// The beginning of a head that has not come to its end; `None` outside of heads.
    head: Option<Vec<u8>>,
    /// Whole heads of final answers so far.
    answers: u32,
}

impl Notes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name as the server spells it.
    pub fn spelling(&self, lower_case: &str) -> Str {
        self.state().names.get(lower_case).cloned().unwrap_or_else(|| lower_case.into())
    }

    /// Whether the connection had carried an exchange before, and not a byte of an answer to the present one has come.
    pub fn is_kept_and_silent(&self) -> bool {
        let state = self.state();
        state.answers > 0 && state.head.as_ref().is_some_and(Vec::is_empty)
    }

    /// Part of a request has been written: what comes next is the head of an answer.
    fn wrote(&self) {
        let mut state = self.state();
        if state.head.is_none() {
            state.head = Some(Vec::new());
        }
    }

    fn is_in_head(&self) -> bool {
        self.state().head.is_some()
    }

    fn read(&self, bytes: &[u8]) {
        let state = &mut *self.state();
        let Some(head) = &mut state.head else { return };
        head.extend_from_slice(bytes);
        while let Some(end) = end_of_head(head) {
            let is_final = !head.starts_with(b"HTTP/1.1 1");
            let rest = head.split_off(end);
            for line in head.split(|byte| *byte == b'\n').skip(1) {
                note_name(&mut state.names, line);
            }
            if is_final {
                state.answers = state.answers.saturating_add(1);
                state.head = None;
                return;
            }
            // `100 Continue` and its like: the answer is still to come.
            *head = rest;
        }
        if head.len() > MOST_HEAD_BYTES {
            state.head = None;
        }
    }
}

fn end_of_head(head: &[u8]) -> Option<usize> {
    let ends: [&[u8]; 2] = [b"\r\n\r\n", b"\n\n"];
    ends.iter().filter_map(|end| Some(head.windows(end.len()).position(|part| part == *end)? + end.len())).min()
}

fn note_name(names: &mut HashMap<String, Str>, line: &[u8]) {
    let Some(end) = line.iter().position(|byte| *byte == b':') else { return };
    let Ok(name) = std::str::from_utf8(&line[..end]) else { return };
    if names.len() < MOST_NAMES {
        names.insert(name.to_ascii_lowercase(), name.into());
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        let connected = Connected::new().proxy(self.is_forwarded);
        match &self.notes {
            Some(notes) => connected.extra(notes.clone()),
            None => connected,
        }
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let Wire { stream, notes, .. } = &mut *self;
        let Some(notes) = notes.as_ref().filter(|notes| notes.is_in_head()) else {
            return Pin::new(stream).poll_read(cx, buf);
        };
        // hyper's buffer cannot be looked at from here, so that heads take the way over one of ours.
        let mut bytes = [0; 4096];
        let length = bytes.len().min(buf.remaining());
        let mut read = ReadBuf::new(&mut bytes[..length]);
        ready!(Pin::new(stream).poll_read(cx, read.unfilled()))?;
        notes.read(read.filled());
        buf.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.wrote();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts))?;
        self.wrote();
        Poll::Ready(Ok(written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(parts: &[&str]) -> Notes {
        let notes = Notes::default();
        notes.wrote();
        parts.iter().for_each(|part| notes.read(part.as_bytes()));
        notes
    }

    #[test]
    fn names_are_spelled_as_the_server_does_however_the_head_is_cut() {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nx-amzn-ErrorType: A\r\nETag:\"b\"\r\n\r\nBody-Line: no";
        for cut in 0..head.len() {
            let notes = notes(&[&head[..cut], &head[cut..]]);
            for name in ["Content-Type", "x-amzn-ErrorType", "ETag"] {
                assert_eq!(notes.spelling(&name.to_ascii_lowercase()), name, "cut at {cut}");
            }
            assert_eq!(notes.spelling("x-other"), "x-other");
        }
    }

    #[test]
    fn a_body_is_no_head() {
        let notes = notes(&["HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", "Not-A-Name: x\r\n\r\n"]);
        assert_eq!(notes.spelling("not-a-name"), "not-a-name");
        notes.wrote();
        notes.read(b"HTTP/1.1 204 No Content\r\nSecond-Answer: 1\r\n\r\n");
        assert_eq!(notes.spelling("second-answer"), "Second-Answer");
    }

    #[test]
    fn an_answer_in_advance_is_followed_by_the_answer() {
        let notes = notes(&["HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nX-Real: 1\r\n\r\n"]);
        assert_eq!(notes.spelling("x-real"), "X-Real");
        assert_eq!(notes.state().answers, 1);
    }

    #[test]
    fn only_a_kept_connection_without_a_byte_of_the_answer_is_kept_and_silent() {
        let notes = notes(&[]);
        assert!(!notes.is_kept_and_silent(), "it is new");
        notes.read(b"HTTP/1.1 200 OK\r\n\r\n");
        assert!(!notes.is_kept_and_silent(), "nothing has been asked");
        notes.wrote();
        assert!(notes.is_kept_and_silent());
        notes.read(b"H");
        assert!(!notes.is_kept_and_silent(), "an answer has begun");
    }

    #[test]
    fn heads_and_names_without_end_are_not_kept() {
        let notes = notes(&["HTTP/1.1 200 OK\r\n"]);
        for number in 0..3 * MOST_NAMES {
            notes.read(format!("X-{number}: {}\r\n", "x".repeat(100)).as_bytes());
        }
        assert!(!notes.is_in_head());
        for number in 0..2 * MOST_NAMES {
            notes.wrote();
            notes.read(format!("HTTP/1.1 200 OK\r\nY-{number}: 1\r\n\r\n").as_bytes());
        }
        assert_eq!(notes.state().names.len(), MOST_NAMES);
    }
}
