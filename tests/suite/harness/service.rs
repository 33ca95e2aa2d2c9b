//! A web service at an address of its own, over plain sockets, so that nothing comes between a test and the bytes: names of
//! headers are spelled as the test spells them, and connections are counted. It lives as long as the tests' process.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The key that signed, with region and service (`AKIA…/eu-central-1/states`), where the signature is right. Written after
    /// AWS's description of Signature Version 4; path and query must be in canonical form already.
    pub fn signed_by(&self, secret_of: impl Fn(&str) -> Option<&'static str>) -> Option<String> {
        let authorization = self.header("authorization").strip_prefix("AWS4-HMAC-SHA256 ")?;
        let part = |name: &str| authorization.split(", ").find_map(|part| part.strip_prefix(name));
        let (credential, signed, signature) = (part("Credential=")?, part("SignedHeaders=")?, part("Signature=")?);
        let [key, date, region, service, "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
            return None;
        };
        let is_signed = |name: &str| signed.split(';').any(|known| known == name);
        let needed = ["host", "x-amz-date", "x-amz-target", "x-amz-security-token", "content-type"];
        if needed.iter().any(|name| self.headers.contains_key(*name) && !is_signed(name)) {
            return None;
        }
        let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", self.header(name))).collect();
        let path = self.path.replace('%', "%25");
        let body = hex(&Sha256::digest(&self.body));
        let canonical = format!("{}\n{path}\n{}\n{headers}\n{signed}\n{body}", self.method, self.query);
        let time = self.header("x-amz-date");
        let digest = hex(&Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{date}/{region}/{service}/aws4_request\n{digest}");
        let mut signing_key = mac(format!("AWS4{}", secret_of(key)?).as_bytes(), date);
        for step in [region, service, "aws4_request"] {
            signing_key = mac(&signing_key, step);
        }
        let is_right = hex(&mac(&signing_key, &text)) == signature && time.starts_with(date);
        is_right.then(|| format!("{key}/{region}/{service}"))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer with its headers as they are written.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub struct Service {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<usize>>,
}

impl Service {
    pub fn start(answer: impl Fn(&Request) -> String + Send + Sync + 'static) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service =
            Service { address: listener.local_addr().unwrap(), requests: Arc::default(), connections: Arc::default() };
        let (requests, connections, answer) = (service.requests.clone(), service.connections.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                *connections.lock().unwrap() += 1;
                let (requests, answer) = (requests.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &requests, answer.as_ref()));
            }
        });
        service
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// Answers until the client goes away.
fn serve(stream: TcpStream, requests: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> String) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let request = read(&mut reader)?;
        let answer = answer(&request);
        requests.lock().unwrap().push(request);
        writer.write_all(answer.as_bytes()).ok()?;
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header =
        |line: &String| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    let headers: BTreeMap<String, String> = lines.iter().skip(1).filter_map(header).collect();
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}
