//! The least of an HTTP client: one POST per connection, for checks before the load.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;

/// Longest that a check waits for a server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends one operation to `/graphql` on the loopback interface and reads the answer's JSON.
pub fn post(port: u16, query: &str, variables: Value) -> Result<Value> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    // HTTP/1.0: the server neither chunks its answer nor keeps the connection.
    write!(
        stream,
        "POST /graphql HTTP/1.0\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\nx-api-key: key\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("the answer is not HTTP")?;
    Ok(serde_json::from_str(body)?)
}
