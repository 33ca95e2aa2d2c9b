//! The real binary, killed while clients write: after the next start, what it acknowledged is there.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::oracle::{Client, verify};
use crate::differential::program::Random;
use crate::harness::Folder;
use crate::harness::binary::{Dev, wait_until};
use crate::harness::project::folder;
use crate::harness::wire::{post_with, try_post};

const CLIENTS: usize = 6;
const ROUNDS: usize = 3;
const ACKNOWLEDGED_PER_ROUND: usize = 40;

#[test]
fn killing_the_server_keeps_batches_transactions_and_counters_whole() {
    const SEED: u64 = 20_261_125;
    println!("seed {SEED}");
    let (project, data) = (folder("ledger"), Folder::new());
    let arguments = ["--data", data.path().to_str().unwrap()];
    let mut clients: Vec<Client> = (0..CLIENTS).map(|number| Client::new(format!("u{number}"))).collect();
    for round in 0..ROUNDS {
        let dev = Dev::start(&project, &arguments);
        let address = dev.address;
        let acknowledged = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let dev = dev; // dies before the clients are waited for, whatever happens here
            for (number, client) in clients.iter_mut().enumerate() {
                let acknowledged = &acknowledged;
                scope.spawn(move || {
                    let mut random = Random::new(SEED + (round * CLIENTS + number) as u64);
                    loop {
                        let operation = client.next(round, &mut random);
                        let before = client.acknowledged();
                        // A body that ends too soon is no answer either.
                        let reply = try_post(address, operation.document, operation.variables.clone()).ok();
                        let answer = reply
                            .filter(|reply| reply.status == 200)
                            .and_then(|reply| serde_json::from_slice::<serde_json::Value>(&reply.body).ok());
                        client.hear(&operation, answer.as_ref());
                        if answer.is_none() {
                            return; // the server is gone
                        }
                        acknowledged.fetch_add(client.acknowledged() - before, Ordering::Relaxed);
                    }
                });
            }
            wait_until(|| match acknowledged.load(Ordering::Relaxed) {
                count if count >= ACKNOWLEDGED_PER_ROUND => Ok(()),
                count => Err(format!("only {count} writes were acknowledged")),
            });
            dev.kill(); // in the middle of everybody's writing
        });
    }
    let dev = Dev::start(&project, &arguments);
    verify(&clients, |operation| {
        let answer = post_with(dev.address, operation.document, operation.variables);
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"][operation.field].clone()
    });
}
