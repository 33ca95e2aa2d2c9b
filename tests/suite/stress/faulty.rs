//! Many clients at once on a DynamoDB that throttles, breaks, forgets and dawdles.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use syncline::api::{Answer, Api, ApiOptions, OperationRequest};
use syncline::backend::Backends;
use syncline::backend::faults::{Fault, FaultRates, FaultyDynamoDb};
use syncline::backend::files::read_project;
use syncline::backend::local::LocalDynamoDb;
use syncline::backend::tables::{create_tables, seed_table};
use syncline::clock::Clock;
use syncline::value::Value;

use super::oracle::{Client, Operation, verify};
use crate::differential::program::Random;
use crate::harness::child;
use crate::harness::project::{folder, value};
use crate::harness::run;

const CLIENTS: usize = 32;
const OPERATIONS: usize = 40;

/// Longest that a round may take before it counts as hanging. Far beyond what it takes.
const PATIENCE: Duration = Duration::from_secs(120);

const RATES: FaultRates =
    FaultRates { throttled: 60, failed: 30, unreachable: 20, reset: 30, timed_out: 30, partial: 200, slow: 300 };

/// The project `ledger` twice on the same tables: with faults, and without any to look at what is there.
struct Ledger {
    faulty: Arc<Api>,
    sound: Arc<Api>,
    faults: Arc<FaultyDynamoDb>,
}

impl Ledger {
    fn new(seed: u64) -> Ledger {
        let files = read_project(&folder("ledger"), BTreeMap::new()).unwrap();
        let (project, problems) = syncline::project::Project::load(&files);
        assert!(problems.is_empty(), "{problems:?}");
        let tables = Arc::new(LocalDynamoDb::open(None).unwrap());
        let descriptions: Vec<_> = project.config.tables.values().map(|table| table.description()).collect();
        run(async {
            create_tables(tables.as_ref(), &descriptions).await.unwrap();
            for table in project.config.tables.values() {
                let Some(seed) = &table.seed else { continue };
                let items = Value::parse(&seed.text).unwrap();
                seed_table(tables.as_ref(), &table.physical_name, items.as_list().unwrap()).await.unwrap();
            }
        });
        let faults = Arc::new(FaultyDynamoDb::new(tables.clone(), RATES, Clock::system().seeded(seed)));
        let api =
            |backends| Arc::new(Api::build(&project, backends, ApiOptions::default()).unwrap_or_else(|_| panic!()));
        Ledger { faulty: api(Backends::new(faults.clone())), sound: api(Backends::new(tables)), faults }
    }

    /// Lets all clients do what they want, at the same time, and waits for the last answer.
    fn round(&self, runtime: &tokio::runtime::Runtime, round: usize, seed: u64, clients: Vec<Client>) -> Vec<Client> {
        let tasks: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(number, mut client)| {
                let api = self.faulty.clone();
                let mut random = Random::new(seed + (round * CLIENTS + number) as u64);
                runtime.spawn(async move {
                    for _ in 0..OPERATIONS {
                        let operation = client.next(round, &mut random);
                        let answer = ask(&api, &operation).await;
                        client.hear(&operation, Some(&answer));
                    }
                    client
                })
            })
            .collect();
        let all = runtime.block_on(async {
            tokio::time::timeout(PATIENCE, futures_util::future::join_all(tasks)).await.expect("no operation hangs")
        });
        all.into_iter().map(Result::unwrap).collect()
    }

    #[track_caller]
    fn verify(&self, runtime: &tokio::runtime::Runtime, clients: &[Client]) {
        verify(clients, |operation| {
            let answer = runtime.block_on(ask(&self.sound, &operation));
            assert!(answer["errors"].is_null(), "{answer}");
            answer["data"][operation.field].clone()
        });
    }
}

async fn ask(api: &Api, operation: &Operation) -> Json {
    let request = OperationRequest {
        query: operation.document.into(),
        variables: value(&operation.variables),
        ..OperationRequest::default()
    };
    match api.execute(request).await {
        Answer::Executed { response, .. } => serde_json::from_slice(&response.to_json()).unwrap(),
        Answer::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

fn clients() -> Vec<Client> {
    (0..CLIENTS).map(|number| Client::new(format!("u{number}"))).collect()
}

#[test]
fn under_faults_every_operation_ends_and_the_tables_hold_what_clients_were_told() {
    for seed in [20_261_122, 20_261_123] {
        println!("seed {seed}");
        let (ledger, runtime) = (Ledger::new(seed), runtime());
        let clients = ledger.round(&runtime, 0, seed, clients());
        ledger.verify(&runtime, &clients);
        let acknowledged: usize = clients.iter().map(Client::acknowledged).sum();
        assert!(acknowledged > CLIENTS * OPERATIONS / 10, "only {acknowledged} writes were acknowledged");
        for fault in [
            Fault::Throttled,
            Fault::Failed,
            Fault::Unreachable,
            Fault::Reset,
            Fault::TimedOut,
            Fault::Partial,
            Fault::Slow,
        ] {
            assert!(ledger.faults.injected(fault) > 3, "{fault:?} was hardly met");
        }
        assert_eq!(runtime.metrics().num_alive_tasks(), 0, "something runs on");
        // The API's own way to it and this one: no operation kept one.
        assert_eq!(Arc::strong_count(&ledger.faulty), 1);
        assert_eq!(Arc::strong_count(&ledger.faults), 2);
    }
}

#[test]
fn rounds_of_faults_leave_no_memory_behind() {
    child::in_its_own_process("stress::faulty::rounds_of_faults_leave_no_memory_behind", || {
        const SEED: u64 = 20_261_124;
        println!("seed {SEED}");
        let (ledger, runtime) = (Ledger::new(SEED), runtime());
        let mut all = clients();
        for round in 0..2 {
            all = ledger.round(&runtime, round, SEED, all);
        }
        let before = child::resident_bytes();
        for round in 2..5 {
            all = ledger.round(&runtime, round, SEED, all);
        }
        let after = child::resident_bytes();
        ledger.verify(&runtime, &all);
        // Receipts of transfers and claims stay in the tables and in the oracle: a few hundred bytes each.
        if let (Some(before), Some(after)) = (before, after) {
            println!("{before} bytes of memory before, {after} after");
            let bound = before + 3 * CLIENTS * OPERATIONS * 6 * 1024;
            assert!(after < bound, "{before} bytes of memory before, {after} after");
        }
    });
}
