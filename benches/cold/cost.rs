//! What operations of the sample shop cost on Lambda: how long one is billed for, out of its measured time and processor
//! time, and the dollars that a million of them come to, beside AppSync's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::Result;
use crate::function::{Distant, Folder, Function, Running, check, event, package};
use crate::runtime_api::RuntimeApi;

/// What a call to DynamoDB takes from a Lambda function in the same region: 3 to 8 ms are typical (spec appsync-service 9.4).
const DYNAMODB: Duration = Duration::from_millis(5);

/// Memory sizes that are priced, MB.
const SIZES: [u32; 4] = [128, 256, 512, 1_024];
/// The one that dollars are given for: what the template of `syncline package` asks for.
const SIZE: u32 = 512;

/// The size at which a function has one whole vCPU, MB; below it has its share of one
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)).
const ONE_VCPU: f64 = 1_769.0;

// Prices of us-east-1 in dollars, before free tiers (spec appsync-service 9.3).
const APPSYNC_PER_MILLION: f64 = 4.00;
const LAMBDA_PER_MILLION: f64 = 0.20;
const HTTP_API_PER_MILLION: f64 = 1.00;
const ARM64_PER_GB_SECOND: f64 = 0.000_013_333_4;
const X86_64_PER_GB_SECOND: f64 = 0.000_016_666_7;

/// What is asked.
struct Operation {
    name: &'static str,
    query: &'static str,
    variables: Json,
}

fn operations() -> [Operation; 5] {
    let order = json!({ "input": { "customerId": "u-ada", "lines": [{ "productId": "p-moka-pot", "quantity": 1 }, { "productId": "p-sencha", "quantity": 2 }] } });
    let no = Json::Null;
    [
        Operation { name: "one item", query: "{ user(id: \"u-ada\") { id name } }", variables: no.clone() },
        Operation {
            name: "the query of the README, 5 tables",
            query: "{ user(id: \"u-ada\") { name orders(limit: 1) { items { placedAt total lines { quantity product { name averageRating reviews(limit: 2) { items { rating title author { name } } } } } } } } }",
            variables: no.clone(),
        },
        Operation {
            name: "a page of 20 products",
            query: "{ products(limit: 20) { items { id name price } } }",
            variables: no.clone(),
        },
        Operation {
            name: "50 orders with customer, lines and products",
            query: "{ user(id: \"u-ada\") { orders(limit: 50) { items { orderId customer { name } lines { product { name } } } } } }",
            variables: no,
        },
        Operation {
            name: "placing an order, a pipeline with a transaction",
            query: "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { orderId total } }",
            variables: order,
        },
    ]
}

/// Fills the stock, so that no order is refused.
const RESTOCK: &str = "mutation { a: restockProduct(id: \"p-moka-pot\", quantity: 100000) { id } b: restockProduct(id: \"p-sencha\", quantity: 100000) { id } }";

/// What an operation takes.
struct Taken {
    calls: f64,
    /// From event to answer, of which...
    all: Duration,
    /// ...our own work.
    processor: Duration,
}

impl Taken {
    /// What Lambda bills for at a memory size: whole milliseconds. The wait for DynamoDB is as long at any size; our own
    /// work takes longer by as much as the function has less than a whole vCPU. Lambda gives that share in slices, and a
    /// function that is done within its slice is not slowed at all: this is the most that it can be.
    fn billed_milliseconds(&self, size: u32) -> f64 {
        let waiting = self.all.saturating_sub(self.processor);
        let share = (f64::from(size) / ONE_VCPU).min(1.0);
        ((waiting.as_secs_f64() + self.processor.as_secs_f64() / share) * 1000.0).ceil()
    }

    /// Requests and time, of a million.
    fn dollars(&self, size: u32, per_gb_second: f64) -> f64 {
        let gb_seconds = self.billed_milliseconds(size) / 1000.0 * f64::from(size) / 1024.0;
        LAMBDA_PER_MILLION + 1e6 * gb_seconds * per_gb_second
    }
}

/// Prints how long operations take, what Lambda bills, and the dollars.
pub fn measure(bootstrap: &str, is_quick: bool) -> Result<()> {
    let requests = if is_quick { 20 } else { 400 };
    let folder = Folder::make()?;
    let shop = folder.0.join("shop");
    package(Path::new("."), bootstrap, &shop)?;
    let dynamodb = Distant::of_project(Path::new("."), DYNAMODB)?;
    let function = Function::packaged(&shop, dynamodb.clone());

    let api = RuntimeApi::start();
    let process = function.start(&api)?;
    check("restocking", &api.invoke(event(RESTOCK, &Json::Null)).json())?;
    let operations = operations();
    let taken: Vec<Taken> = operations
        .iter()
        .map(|operation| take(operation, &api, &process, &dynamodb, requests))
        .collect::<Result<_>>()?;
    print_times(&operations, &taken, requests);
    print_dollars(&operations, &taken);
    print_rest(init(&function, if is_quick { 3 } else { 21 })?, process.memory("VmHWM"));
    Ok(())
}

/// From the start of a process until it asks for its first event: the median of some.
fn init(function: &Function, starts: usize) -> Result<Duration> {
    let mut times = Vec::with_capacity(starts);
    for _ in 0..starts {
        let api = RuntimeApi::start();
        let started = Instant::now();
        let _process = function.start(&api)?;
        times.push(api.wait_for_start() - started);
    }
    times.sort_unstable();
    Ok(times[starts / 2])
}

fn take(
    operation: &Operation,
    api: &RuntimeApi,
    process: &Running,
    dynamodb: &Arc<Distant>,
    requests: usize,
) -> Result<Taken> {
    let event = event(operation.query, &operation.variables);
    // The first one compiles the plan.
    check(operation.name, &api.invoke(event.clone()).json())?;
    let (calls, processor) = (dynamodb.calls.load(Ordering::Relaxed), process.processor_time()?);
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        let started = Instant::now();
        let outcome = api.invoke(event.clone());
        times.push(started.elapsed());
        check(operation.name, &outcome.json())?;
    }
    times.sort_unstable();
    Ok(Taken {
        calls: (dynamodb.calls.load(Ordering::Relaxed) - calls) as f64 / requests as f64,
        all: times[requests / 2],
        processor: (process.processor_time()? - processor) / u32::try_from(requests)?,
    })
}

fn print_times(operations: &[Operation], taken: &[Taken], requests: usize) {
    let sizes: Vec<String> = SIZES.iter().map(|size| format!("billed at {size} MB, ms")).collect();
    println!("| operation | DynamoDB calls | event to answer, ms | processor, ms | {} |", sizes.join(" | "));
    println!("|---|---|---|---|{}", "---|".repeat(SIZES.len()));
    for (operation, taken) in operations.iter().zip(taken) {
        let billed: Vec<String> = SIZES.iter().map(|size| format!("{:.0}", taken.billed_milliseconds(*size))).collect();
        println!(
            "| {} | {} | {:.2} | {:.2} | {} |",
            operation.name,
            (taken.calls * 10.0).round() / 10.0,
            taken.all.as_secs_f64() * 1000.0,
            taken.processor.as_secs_f64() * 1000.0,
            billed.join(" | "),
        );
    }
    println!(
        "\n{requests} requests each, one after another; every call to DynamoDB takes {} ms longer than the embedded engine does.",
        DYNAMODB.as_millis()
    );
}

fn print_dollars(operations: &[Operation], taken: &[Taken]) {
    println!("\nDollars per million operations, {SIZE} MB:\n");
    println!(
        "| operation | AppSync | function URL, arm64 | function URL, x86_64 | HTTP API, arm64 | AppSync ÷ function URL, arm64 |"
    );
    println!("|---|---|---|---|---|---|");
    for (operation, taken) in operations.iter().zip(taken) {
        let arm64 = taken.dollars(SIZE, ARM64_PER_GB_SECOND);
        println!(
            "| {} | {APPSYNC_PER_MILLION:.2} | {arm64:.2} | {:.2} | {:.2} | **{:.1}x** |",
            operation.name,
            taken.dollars(SIZE, X86_64_PER_GB_SECOND),
            arm64 + HTTP_API_PER_MILLION,
            APPSYNC_PER_MILLION / arm64,
        );
    }
}

fn print_rest(init: Duration, peak_kib: u64) {
    let init = init.as_secs_f64() * 1000.0;
    let gb = f64::from(SIZE) / 1024.0;
    let cold = 1e6 * 0.01 * init.ceil() / 1000.0 * gb * ARM64_PER_GB_SECOND;
    let even = (APPSYNC_PER_MILLION - LAMBDA_PER_MILLION) / 1e6 / ARM64_PER_GB_SECOND / gb;
    println!(
        "\nInit: {init:.1} ms; with a cold start in 100 requests, a million cost ${cold:.4} more. Peak memory: {:.1} MiB.",
        peak_kib as f64 / 1024.0
    );
    println!(
        "A function URL on arm64 with {SIZE} MB costs as much as AppSync at {:.0} ms per operation.",
        even * 1000.0
    );
}
