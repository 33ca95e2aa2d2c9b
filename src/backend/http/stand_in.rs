//! A web server for tests that does with every request what the test says: answers in parts, closes, or stays silent. Bytes
//! on a real socket, in plain or over TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which connection it came over, counted from 1.
    pub connection: usize,
    /// The first line.
    pub line: String,
    /// The other lines of the head, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What becomes of a request.
pub enum Act {
    /// These bytes; the connection stays.
    Answer(String),
    /// These bytes, maybe none, and the end of the connection.
    Close(String),
    /// The answer once the gate is open.
    Wait(Arc<Gate>, String),
    /// Nothing, for as long as the client waits.
    Silence,
    /// The bytes of this connection go to that address and back, once it has been told so: a proxy's tunnel.
    Tunnel(SocketAddr),
}

/// Holds answers back until it is opened, and counts those that wait.
#[derive(Default)]
pub struct Gate {
    opened: tokio::sync::Notify,
    /// Waiting now, and at most; whether it is open.
    state: Mutex<(usize, usize, bool)>,
}

impl Gate {
    async fn pass(&self) {
        let opened = self.opened.notified();
        {
            let (now, most, is_open) = &mut *self.state.lock().unwrap();
            *now += 1;
            *most = (*most).max(*now);
            if *is_open {
                *now -= 1;
                return;
            }
        }
        opened.await;
        self.state.lock().unwrap().0 -= 1;
    }

    pub fn waiting(&self) -> usize {
        self.state.lock().unwrap().0
    }

    pub fn most_waiting(&self) -> usize {
        self.state.lock().unwrap().1
    }

    pub fn open(&self) {
        self.state.lock().unwrap().2 = true;
        self.opened.notify_waiters();
    }
}

/// An answer with status 200 and this text.
pub fn text(body: &str) -> Act {
    Act::Answer(ok(body))
}

pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub struct StandIn {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
}

impl StandIn {
    /// `act` gets the number of the request, counted from 1, and the request.
    pub async fn start(act: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> StandIn {
        StandIn::listen(None, act).await
    }

    /// With the certificate of `tests/http`, which is for `localhost`, `127.0.0.1` and `api.test`.
    pub async fn start_with_tls(act: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> StandIn {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("../../../tests/http/server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../tests/http/server.key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        StandIn::listen(Some(TlsAcceptor::from(Arc::new(config))), act).await
    }

    async fn listen(tls: Option<TlsAcceptor>, act: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, connections): (Arc<Mutex<Vec<Seen>>>, Arc<Mutex<usize>>) = Default::default();
        let (noted, counted, act) = (seen.clone(), connections.clone(), Arc::new(act));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = {
                    let mut counted = counted.lock().unwrap();
                    *counted += 1;
                    *counted
                };
                let (noted, act, tls) = (noted.clone(), act.clone(), tls.clone());
                tokio::spawn(async move {
                    let Some(tls) = tls else { return serve(stream, number, &noted, act.as_ref()).await };
                    // A client that does not trust us goes away here.
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, number, &noted, act.as_ref()).await;
                    }
                });
            }
        });
        StandIn { address, seen, connections }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The connection of each request, in order.
    pub fn connections_used(&self) -> Vec<usize> {
        self.seen().iter().map(|seen| seen.connection).collect()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn serve<S>(
    mut stream: S,
    connection: usize,
    noted: &Mutex<Vec<Seen>>,
    act: &(dyn Fn(usize, &Seen) -> Act + Sync),
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    while let Some(seen) = read(&mut stream, &mut buffer, connection).await {
        let number = {
            let mut noted = noted.lock().unwrap();
            noted.push(seen.clone());
            noted.len()
        };
        match act(number, &seen) {
            Act::Answer(answer) => {
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Act::Close(answer) => {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
                return;
            }
            Act::Wait(gate, answer) => {
                gate.pass().await;
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Act::Silence => return std::future::pending().await,
            Act::Tunnel(address) => {
                let mut target = TcpStream::connect(address).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
                return;
            }
        }
    }
}

/// One request; `None` when the client has closed.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>, connection: usize) -> Option<Seen> {
    let end = loop {
        match buffer.windows(4).position(|part| part == b"\r\n\r\n") {
            Some(end) => break end,
            None if stream.read_buf(buffer).await.unwrap_or(0) == 0 => return None,
            None => {}
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let (line, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
    let headers: Vec<(String, String)> = rest
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    let body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
    let seen = Seen { connection, line: line.to_owned(), headers, body };
    buffer.drain(..end + 4 + length);
    Some(seen)
}
