//! Attacks that are too large for a file. One test in a process of its own, so that its memory is that of the attacks.

use std::fmt::Write;
use std::time::Instant;

use super::inputs::Expect::{Answer, Error, Status};
use super::inputs::{self, Attack, document, each};
use super::{beside_an_honest_client, check_reply, served};
use crate::harness::child::{in_its_own_process, resident_bytes, watch};
use crate::harness::tests_folder;
use crate::harness::wire::{Reply, Served, send, send_bytes};

/// What the process may have grown by when all is over: what the allocator keeps of answers of 32 MB, here and in the client,
/// and caches within their bounds.
const MOST_GROWTH_BYTES: usize = 128 * 1024 * 1024;

/// What the same attacks may add when they come twice more. Nothing of theirs may stay.
const MOST_GROWTH_AGAIN_BYTES: usize = 8 * 1024 * 1024;

#[test]
fn no_large_attack_harms_the_server_or_its_other_clients() {
    in_its_own_process("attacks::large::no_large_attack_harms_the_server_or_its_other_clients", || {
        let served = served(&tests_folder("attacks/project"));
        let attacks: Vec<Attack> = inputs::all();
        assert!(attacks.len() > 80);
        // Once before the memory is looked at, so that engines and caches are there.
        run(&served, &document("warm", Answer, "{ node { twin { id } } }"));
        let before = resident_bytes();
        let mut wrong = String::new();
        for attack in &attacks {
            let only = std::env::var("CASE").unwrap_or_default();
            if !attack.name.contains(&only) {
                continue;
            }
            let started = Instant::now();
            watch(attack.name.as_bytes(), |_| {
                let reply = beside_an_honest_client(served.address, || run(&served, attack));
                if let Err(problem) = judge(attack, &reply) {
                    let _ = writeln!(wrong, "{}: {problem}", attack.name);
                }
            });
            let megabytes = resident_bytes().unwrap_or_default() / 1024 / 1024;
            println!("{:>8.1?} {megabytes:>5} MB {}", started.elapsed(), attack.name);
        }
        assert!(wrong.is_empty(), "{wrong}");
        // The same ones again and again: what a round takes, the next one must find free.
        let mut rounds = Vec::new();
        for _ in 0..5 {
            for attack in attacks.iter().filter(|attack| attack.name.contains("thousands of aliases")) {
                watch(attack.name.as_bytes(), |_| drop(run(&served, attack)));
            }
            rounds.extend(resident_bytes());
        }
        println!("{before:?} bytes of memory before, then {rounds:?}");
        if let (Some(before), [.., third, _, fifth]) = (before, rounds.as_slice()) {
            assert!(*fifth < before + MOST_GROWTH_BYTES, "{before} bytes of memory before, {rounds:?} after");
            assert!(*fifth < third + MOST_GROWTH_AGAIN_BYTES, "rounds of the same attacks take {rounds:?} bytes");
        }
    });
}

fn run(served: &Served, attack: &Attack) -> Reply {
    let headers = [("content-type", "application/json")];
    send(served.address, "POST", "/graphql", &headers, attack.body.as_bytes())
        .unwrap_or_else(|error| panic!("{}: {error}", attack.name))
}

fn judge(attack: &Attack, reply: &Reply) -> Result<(), String> {
    check_reply(attack.name, reply);
    let start = || reply.text().chars().take(400).collect::<String>();
    match attack.expect {
        Status(status) if reply.status != status => Err(format!("status {}: {}", reply.status, start())),
        Status(_) => Ok(()),
        _ if reply.status != 200 => Err(format!("status {}: {}", reply.status, start())),
        Answer => Ok(()),
        Error(text) => {
            let answer = reply.json();
            let mut messages =
                answer["errors"].as_array().into_iter().flatten().filter_map(|error| error["message"].as_str());
            if messages.any(|message| message.contains(text)) { Ok(()) } else { Err(start()) }
        }
    }
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let served = served(&tests_folder("attacks/project"));
    let request = |head: &str| format!("POST /graphql HTTP/1.1\r\nhost: x\r\n{head}content-length: 0\r\n\r\n");
    for (name, head) in [
        ("thousands of headers", each(10_000, "x-#: 1\r\n")),
        ("thousands of headers of one name", "x: 1\r\n".repeat(10_000)),
        ("a header of megabytes", format!("x: {}\r\n", "x".repeat(3_000_000))),
        ("a name of megabytes", format!("{}: x\r\n", "x".repeat(3_000_000))),
    ] {
        let reply = beside_an_honest_client(served.address, || send_bytes(served.address, request(&head).as_bytes()));
        // The rest may still be on its way when the server closes, which takes the answer with it.
        if let Ok(reply) = reply {
            assert!(matches!(reply.status, 400 | 431) && reply.body.is_empty(), "{name}: {reply:?}");
        }
    }
    let lines = "\r\n".repeat(100_000);
    let _ = beside_an_honest_client(served.address, || send_bytes(served.address, lines.as_bytes()));
}

/// Time-outs are not waited for here: what counts is that they are there, and below what would help an attacker.
#[test]
fn slow_clients_are_given_up() {
    use std::time::Duration;
    use syncline::limits::{Limits, REQUEST_BODY_TIMEOUT, REQUEST_HEAD_TIMEOUT};
    assert!(REQUEST_HEAD_TIMEOUT <= Duration::from_secs(60));
    assert!(REQUEST_BODY_TIMEOUT <= Duration::from_secs(30));
    assert!(Limits::default().request_timeout <= Duration::from_secs(30));
}
