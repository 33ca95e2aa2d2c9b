//! The files of `tests/attacks`: requests as bytes, and what comes back.
//!
//! A file begins with a comment, and with `# project: <folder>` where it is not about `tests/attacks/project`. A case is a
//! line `=== name`, the request, a line `---`, and a line for each answer: status, then errors or data; `no answer` when
//! the server only closed. `{{00 ff}}` stands for bytes, `{{length}}` for the length of the body. Line ends of the head
//! become CR LF, as do all of a chunked body; the body has none at its end.
//!
//! `UPDATE=1` writes what came back into the files: read the diff.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::harness::tests_folder;
use crate::harness::wire::Reply;

#[test]
fn every_request_gets_the_answer_that_its_file_says() {
    let mut files: Vec<_> =
        std::fs::read_dir(tests_folder("attacks")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let (mut count, mut wrong) = (0, String::new());
    for path in files {
        count += run_file(&path, &mut wrong);
    }
    assert!(wrong.is_empty() || std::env::var_os("UPDATE").is_some(), "{wrong}");
    assert!(count >= 90, "only {count} cases were found");
}

fn run_file(path: &Path, wrong: &mut String) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let (comment, cases) = text.split_once("=== ").expect("a case");
    let project = comment.lines().find_map(|line| line.strip_prefix("# project: ")).unwrap_or("tests/attacks/project");
    let served = super::served(&Path::new(env!("CARGO_MANIFEST_DIR")).join(project));
    let (mut count, mut updated) = (0, comment.to_owned());
    for case in cases.split("\n=== ") {
        let (name, rest) = case.split_once('\n').expect("a request");
        let (request, expected) = rest.split_once("\n---").expect("a line `---`");
        let actual = super::beside_an_honest_client(served.address, || outcome(served.address, name, &bytes(request)));
        if actual.trim() != expected.trim() {
            let _ = writeln!(wrong, "{}: {name}\nexpected\n{}\nactual\n{actual}", path.display(), expected.trim());
        }
        let _ = write!(updated, "=== {name}\n{request}\n---\n{actual}\n");
        count += 1;
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, updated.trim_end().to_owned() + "\n").unwrap();
    }
    count
}

/// The request as it goes over the wire.
fn bytes(request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding");
    let body = unescaped(&if is_chunked { body.replace('\n', "\r\n") } else { body.trim_end_matches('\n').to_owned() });
    let head = head.replace("{{length}}", &body.len().to_string()).replace('\n', "\r\n");
    [unescaped(&head), b"\r\n\r\n".to_vec(), body].concat()
}

/// `{{00 ff}}` as bytes; braces around anything else stay.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let end = rest[start..].find("}}").map(|end| start + end);
        let hex =
            end.and_then(|end| rest[start + 2..end].split(' ').map(|hex| u8::from_str_radix(hex, 16).ok()).collect());
        bytes.extend(&rest.as_bytes()[..start]);
        match (hex, end) {
            (Some::<Vec<u8>>(hex), Some(end)) => {
                bytes.extend(hex);
                rest = &rest[end + 2..];
            }
            _ => {
                bytes.extend(b"{{");
                rest = &rest[start + 2..];
            }
        }
    }
    bytes.extend(rest.as_bytes());
    bytes
}

/// Sends a request, and gives a line for every answer until the server closes.
fn outcome(address: SocketAddr, name: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(request);
    if name.contains("ends too early") {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
    let mut answers = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answers) {
        assert!(
            error.kind() != std::io::ErrorKind::WouldBlock,
            "{name}: the server keeps the connection; end the last request with `connection: close`"
        );
    }
    let mut lines = String::new();
    let mut rest = answers.as_slice();
    let has_bodies = !request.starts_with(b"HEAD ");
    while let Some((reply, left)) = next_reply(rest, has_bodies) {
        super::check_reply(name, &reply);
        let _ = writeln!(lines, "{}", line(&reply));
        rest = left;
    }
    assert!(rest.is_empty(), "{name}: what is no HTTP came back: {}", String::from_utf8_lossy(rest));
    if lines.is_empty() { "no answer\n".to_owned() } else { lines }
}

fn next_reply(bytes: &[u8], has_body: bool) -> Option<(Reply, &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let mut reply = Reply::parse(&bytes[..end])?;
    let length =
        reply.header("content-length").and_then(|length| length.parse().ok()).filter(|_| has_body).unwrap_or(0);
    let (body, rest) = bytes[end..].split_at_checked(length)?;
    reply.body = body.to_vec();
    Some((reply, rest))
}

fn line(reply: &Reply) -> String {
    let mut line = reply.status.to_string();
    if let Some(error_type) = reply.header("x-amzn-errortype") {
        let _ = write!(line, " {error_type}");
    }
    let is_page = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let text = if is_page { "a page".to_owned() } else { reply.text() };
    format!("{line} {text}").trim_end().to_owned()
}
