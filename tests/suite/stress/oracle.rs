//! What the tables may hold, going by the answers that clients got.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::differential::program::Random;

/// What a client was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It took place; the field's value.
    Done(Value),
    /// It did not take place.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// Reads the answer to an operation with one field. Panics where it is no answer that a client can make sense of.
#[track_caller]
pub fn told(answer: &Value, field: &str) -> Told {
    let Some(error) = answer["errors"].get(0) else {
        assert!(answer["data"].get(field).is_some(), "neither data nor errors: {answer}");
        return Told::Done(answer["data"][field].clone());
    };
    why(error)
}

/// What an error says of the write that it belongs to.
#[track_caller]
pub fn why(error: &Value) -> Told {
    let message = error["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty(), "no message: {error}");
    match error["errorType"].as_str().unwrap_or_default() {
        "DynamoDB:SdkClientException" if message == "DynamoDB could not be reached" => Told::Refused,
        "DynamoDB:SdkClientException" | "DynamoDB:InternalServerErrorException" => Told::Unknown,
        "DynamoDB:ProvisionedThroughputExceededException"
        | "DynamoDB:RequestLimitExceededException"
        | "DynamoDB:ConditionalCheckFailedException"
        | "DynamoDB:TransactionCanceledException" => Told::Refused,
        "DynamoDB:DynamoDbException" if message.starts_with("Rate of requests exceeds") => Told::Refused,
        other => panic!("{other:?} is no proper error: {error}"),
    }
}

/// A mutation with its variables.
pub struct Operation {
    pub field: &'static str,
    pub document: &'static str,
    pub variables: Value,
}

impl Operation {
    pub fn new(field: &'static str, variables: Value) -> Operation {
        let document = match field {
            "record" => "mutation ($id: ID!, $text: String!) { record(id: $id, text: $text) { id text } }",
            "claim" => "mutation ($id: ID!, $text: String!) { claim(id: $id, text: $text) { id text } }",
            "erase" => "mutation ($id: ID!) { erase(id: $id) { id text } }",
            "recordAll" => "mutation ($ids: [ID!]!, $text: String!) { recordAll(ids: $ids, text: $text) { id text } }",
            "eraseAll" => "mutation ($ids: [ID!]!) { eraseAll(ids: $ids) { id } }",
            "increment" => "mutation ($id: ID!) { increment(id: $id) { count } }",
            "transfer" => {
                "mutation ($id: ID!, $from: ID!, $to: ID!, $amount: Int!) { \
                 transfer(id: $id, from: $from, to: $to, amount: $amount) }"
            }
            "receipt" => "query ($id: ID!) { receipt(id: $id) { id text } }",
            // One BatchGetItem.
            "receipts" => {
                "query ($r0: ID!, $r1: ID!, $r2: ID!, $r3: ID!) { r0: receipt(id: $r0) { text } r1: receipt(id: $r1) { text } \
                 r2: receipt(id: $r2) { text } r3: receipt(id: $r3) { text } }"
            }
            "account" => "query ($id: ID!) { account(id: $id) { balance } }",
            "counter" => "query ($id: ID!) { counter(id: $id) { count } }",
            other => panic!("there is no field {other}"),
        };
        Operation { field, document, variables }
    }
}

pub const ACCOUNTS: usize = 8;
pub const BALANCE: i64 = 100;
pub const COUNTERS: usize = 3;
const CLAIMS: usize = 30;
const KEYS: usize = 12;

/// What one client has done and been told. Receipts `<client>-<number>` are its own; nobody else writes them.
#[derive(Default)]
pub struct Client {
    name: String,
    operations: usize,
    /// Texts that each of its receipts may have; `None`: there may be none.
    receipts: BTreeMap<String, BTreeSet<Option<String>>>,
    /// By counter: what acknowledged increments gave, and how many are unknown.
    increments: BTreeMap<String, (Vec<i64>, usize)>,
    /// Of each attempt to be the first.
    claims: Vec<(String, Told)>,
    /// From, to, amount and outcome, by receipt.
    transfers: BTreeMap<String, (String, String, i64, Told)>,
}

impl Client {
    pub fn new(name: String) -> Client {
        Client { name, ..Client::default() }
    }

    /// How many of its writes were acknowledged.
    pub fn acknowledged(&self) -> usize {
        let claims = self.claims.iter().filter(|(_, told)| matches!(told, Told::Done(_))).count();
        let transfers = self.transfers.values().filter(|(.., told)| matches!(told, Told::Done(_))).count();
        let increments: usize = self.increments.values().map(|(values, _)| values.len()).sum();
        claims + transfers + increments
    }

    /// The next thing to do. `round` keeps what may happen only once apart from earlier rounds.
    pub fn next(&mut self, round: usize, random: &mut Random) -> Operation {
        self.operations += 1;
        let number = self.operations;
        let text = format!("{} {number}", self.name);
        let key = |random: &mut Random| format!("{}-{}", self.name, random.below(KEYS));
        match random.below(16) {
            0..3 => Operation::new("record", json!({ "id": key(random), "text": text })),
            3 => Operation::new("erase", json!({ "id": key(random) })),
            4 => Operation::new("receipt", json!({ "id": key(random) })),
            5 => {
                let first = random.below(KEYS);
                let key = |n: usize| format!("{}-{}", self.name, (first + n) % KEYS);
                Operation::new("receipts", json!({ "r0": key(0), "r1": key(1), "r2": key(2), "r3": key(3) }))
            }
            6..8 => {
                let id = format!("claim-{round}-{}", random.below(CLAIMS));
                Operation::new("claim", json!({ "id": id, "text": self.name }))
            }
            8..10 => Operation::new("increment", json!({ "id": format!("c{}", random.below(COUNTERS)) })),
            10..13 => {
                let from = random.below(ACCOUNTS);
                let to = (from + 1 + random.below(ACCOUNTS - 1)) % ACCOUNTS;
                let id = format!("transfer-{}-{number}", self.name);
                let amount = 1 + random.below(20);
                Operation::new(
                    "transfer",
                    json!({ "id": id, "from": format!("a{from}"), "to": format!("a{to}"), "amount": amount }),
                )
            }
            which => {
                let first = random.below(KEYS);
                let ids: Vec<_> = (0..8).map(|n| format!("{}-{}", self.name, (first + n) % KEYS)).collect();
                match which {
                    13 => Operation::new("eraseAll", json!({ "ids": ids })),
                    _ => Operation::new("recordAll", json!({ "ids": ids, "text": text })),
                }
            }
        }
    }

    /// Takes in the answer; none came when it is `None`.
    #[track_caller]
    pub fn hear(&mut self, operation: &Operation, answer: Option<&Value>) {
        let variables = &operation.variables;
        if operation.field == "receipts" {
            for (alias, id) in variables.as_object().unwrap() {
                let Some(answer) = answer else { continue };
                let mut errors = answer["errors"].as_array().into_iter().flatten();
                match errors.find(|error| error["path"][0] == json!(alias)) {
                    Some(error) => drop(why(error)), // a proper one
                    None => self.found(id.as_str().unwrap(), &answer["data"][alias]),
                }
            }
            return;
        }
        let told = answer.map_or(Told::Unknown, |answer| told(answer, operation.field));
        let text = |name: &str| variables[name].as_str().unwrap_or_default().to_owned();
        let (id, written) = (text("id"), Some(text("text")));
        match operation.field {
            "record" => self.may_be(&id, written, &told),
            "erase" => self.may_be(&id, None, &told),
            "receipt" => {
                if let Told::Done(receipt) = &told {
                    self.found(&id, receipt);
                }
            }
            "recordAll" | "eraseAll" => {
                let written = if operation.field == "recordAll" { written } else { None };
                let none = Value::Null;
                let answer = answer.unwrap_or(&none);
                let entries = &answer["data"][operation.field];
                for (index, id) in variables["ids"].as_array().unwrap().iter().enumerate() {
                    // An entry that is there was processed, whatever became of others.
                    let told = match entries.get(index) {
                        Some(entry) if !entry.is_null() => Told::Done(entry.clone()),
                        _ => match answer["errors"].get(0) {
                            Some(error) => why(error),
                            None => Told::Unknown,
                        },
                    };
                    self.may_be(id.as_str().unwrap(), written.clone(), &told);
                }
            }
            "claim" => self.claims.push((id, told)),
            "increment" => {
                let (values, unknown) = self.increments.entry(id).or_default();
                match told {
                    Told::Done(counter) => values.push(counter["count"].as_i64().unwrap()),
                    Told::Unknown => *unknown += 1,
                    Told::Refused => {}
                }
            }
            "transfer" => {
                let amount = variables["amount"].as_i64().unwrap();
                self.transfers.insert(id, (text("from"), text("to"), amount, told));
            }
            _ => {}
        }
    }

    /// One of its own receipts was read. From now on it is known.
    #[track_caller]
    fn found(&mut self, id: &str, receipt: &Value) {
        let found = receipt["text"].as_str().map(str::to_owned);
        let possible = self.possible(id);
        assert!(possible.contains(&found), "read of {id}: {found:?} is none of {possible:?}");
        *possible = BTreeSet::from([found]);
    }

    fn possible(&mut self, id: &str) -> &mut BTreeSet<Option<String>> {
        self.receipts.entry(id.to_owned()).or_insert_with(|| BTreeSet::from([None]))
    }

    fn may_be(&mut self, id: &str, text: Option<String>, told: &Told) {
        match told {
            Told::Done(_) => *self.possible(id) = BTreeSet::from([text]),
            Told::Unknown => drop(self.possible(id).insert(text)),
            Told::Refused => {}
        }
    }
}

/// Compares what is stored with what all clients were told. `read`: the value of `receipt`, `account` or `counter`.
#[track_caller]
pub fn verify(clients: &[Client], mut read: impl FnMut(Operation) -> Value) {
    let mut read = |field, id: &str| read(Operation::new(field, json!({ "id": id })));
    let mut counters: BTreeMap<&str, (Vec<i64>, usize)> = BTreeMap::new();
    let mut balances = [BALANCE; ACCOUNTS];
    let account = |id: &str| id[1..].parse::<usize>().unwrap();
    for client in clients {
        for (id, possible) in &client.receipts {
            let found = read("receipt", id)["text"].as_str().map(str::to_owned);
            assert!(possible.contains(&found), "{id} is {found:?}, which is none of {possible:?}");
        }
        for (id, told) in &client.claims {
            let winner = read("receipt", id)["text"].as_str().map(str::to_owned);
            let has_won = winner.as_deref() == Some(&client.name);
            match told {
                Told::Done(_) => assert!(has_won, "{} won {id}, which belongs to {winner:?}", client.name),
                // It may have won without knowing; then another attempt of its own was acknowledged or unknown.
                Told::Refused if has_won => {
                    let others = client.claims.iter().filter(|(other, told)| other == id && *told != Told::Refused);
                    assert!(others.count() > 0, "{} was refused {id} and has it", client.name);
                }
                _ => {}
            }
        }
        for (id, (from, to, amount, told)) in &client.transfers {
            let is_there = !read("receipt", id).is_null();
            assert!(!matches!(told, Told::Done(_)) || is_there, "{id} was acknowledged and is lost");
            assert!(*told != Told::Refused || !is_there, "{id} was refused and took place");
            if is_there {
                balances[account(from)] -= amount;
                balances[account(to)] += amount;
            }
        }
        for (id, (values, unknown)) in &client.increments {
            let all = counters.entry(id).or_default();
            all.0.extend(values);
            all.1 += unknown;
        }
    }
    for (number, expected) in balances.into_iter().enumerate() {
        assert!(expected >= 0);
        let id = format!("a{number}");
        assert_eq!(read("account", &id)["balance"], json!(expected), "{id}: a transfer took place twice, or in part");
    }
    for (id, (mut values, unknown)) in counters {
        let count = read("counter", id)["count"].as_i64().unwrap_or(0) as usize;
        let acknowledged = values.len();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), acknowledged, "{id}: two increments gave the same number");
        assert!((acknowledged..=acknowledged + unknown).contains(&count), "{id}: {count}, {acknowledged}, {unknown}");
    }
}
