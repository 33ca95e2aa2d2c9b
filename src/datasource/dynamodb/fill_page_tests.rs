//! Filled pages followed from the first to the last: nothing lost, nothing twice, and no more calls than needed.

use super::DynamoDbSource;
use super::tests::World;
use crate::value::{Value, object};

/// Pages of `orders` of customer `c` whose number is a multiple of `every`, each as its numbers and what it looked at.
fn filled_pages(world: &World, every: i64, limit: i64, units: u32, extra: &[(&str, Value)]) -> Vec<(Vec<i64>, i64)> {
    let (mut token, mut pages) = (Value::Null, Vec::new());
    loop {
        let values = object! { ":c" => object! { "S" => "c" } };
        let mut request = object! {
            "operation" => "Query",
            "query" => object! { "expression" => "customer = :c", "expressionValues" => values },
            "filter" => object! { "expression" => "every = :e", "expressionValues" => object! { ":e" => object! { "N" => every } } },
            "limit" => limit,
            "nextToken" => token,
        };
        for (name, value) in extra {
            request.set(*name, value.clone());
        }
        let source = DynamoDbSource::new("orders").filling_pages(Some(units));
        let page = world.invoke_source(source, "Query.orders", &request).unwrap();
        assert_eq!(page.error, None);
        let items = page.result.get("items").and_then(Value::as_list).unwrap();
        let numbers = items.iter().map(|item| item.get("n").and_then(Value::as_i64).unwrap()).collect();
        pages.push((numbers, page.result.get("scannedCount").and_then(Value::as_i64).unwrap()));
        token = page.result.get("nextToken").unwrap().clone();
        if token.is_null() {
            return pages;
        }
        assert!(pages.len() < 200, "the pages do not end: {pages:?}");
    }
}

/// 200 orders; `every` is 1, or 10 for each tenth, or 100 for each hundredth.
fn many_orders() -> World {
    let world = World::new();
    let every = |n: i32| {
        if n % 100 == 99 {
            100
        } else if n % 10 == 9 {
            10
        } else {
            1
        }
    };
    let order = |n: i32| object! { "customer" => "c", "order" => format!("{n:03}"), "n" => n, "every" => every(n) };
    world.seed("orders", &(0..200).map(order).collect());
    world
}

#[test]
fn filled_pages_are_full_and_show_every_item_once_whatever_passes_the_filter() {
    let world = many_orders();
    let projection = object! { "expression" => "n" };
    for every in [1, 10, 100, 7] {
        let expected: Vec<i64> = (0..200)
            .filter(|n| match every {
                1 => n % 10 != 9,
                10 => n % 10 == 9 && n % 100 != 99,
                100 => n % 100 == 99,
                _ => false,
            })
            .collect();
        let backwards: Vec<i64> = expected.iter().rev().copied().collect();
        for limit in [1, 3, 8, 50, 200, 1000] {
            for (extra, expected) in [
                (vec![], &expected),
                (vec![("scanIndexForward", Value::from(false))], &backwards),
                (vec![("projection", projection.clone())], &expected),
            ] {
                let pages = filled_pages(&world, every, limit, 100_000, &extra);
                let seen: Vec<i64> = pages.iter().flat_map(|(numbers, _)| numbers.clone()).collect();
                assert_eq!(&seen, expected, "every {every}, limit {limit}, {extra:?}");
                let (last, full) = pages.split_last().unwrap();
                assert!(full.iter().all(|(numbers, _)| numbers.len() == limit as usize), "limit {limit}: {pages:?}");
                assert!(last.0.len() <= limit as usize);
            }
        }
    }
}

#[test]
fn a_filled_page_ends_when_its_read_units_are_consumed_and_the_next_one_goes_on() {
    let world = many_orders();
    // A call on items this small consumes half a unit, whatever it looks at.
    let pages = filled_pages(&world, 100, 2, 1, &[]);
    assert!(pages.len() > 10, "{pages:?}");
    assert_eq!(pages.iter().flat_map(|(numbers, _)| numbers.clone()).collect::<Vec<_>>(), [99, 199]);
    assert_eq!(pages.iter().map(|(_, scanned)| scanned).sum::<i64>(), 200);
    world.calls.lock().unwrap().clear();
    filled_pages(&world, 100, 2, 1000, &[]);
    let calls = world.calls.lock().unwrap().len();
    assert!(calls <= 9, "{calls} calls for 200 items");
}

#[test]
fn a_filled_scan_of_a_segment_stays_in_it_and_an_index_tells_its_keys() {
    let world = World::new();
    let thing = |n: i32| object! { "id" => format!("{n:03}"), "kind" => "a", "rank" => n, "n" => n };
    world.seed("things", &(0..120).map(thing).collect());
    let filter = object! { "expression" => "n >= :n", "expressionValues" => object! { ":n" => object! { "N" => 90 } } };
    let base = object! { "operation" => "Scan", "limit" => 4, "filter" => filter };
    let with = |members: &[(&str, Value)]| {
        let mut request = base.clone();
        members.iter().for_each(|(name, value)| request.set(*name, value.clone()));
        request
    };
    let segments = (0..3).map(|segment| with(&[("segment", segment.into()), ("totalSegments", 3.into())]));
    for requests in [segments.collect::<Vec<_>>(), vec![with(&[("index", "byKind".into())])], vec![base.clone()]] {
        let mut seen = Vec::new();
        for mut request in requests {
            loop {
                let source = DynamoDbSource::new("things").filling_pages(Some(1000));
                let page = world.invoke_source(source, "Query.things", &request).unwrap().result;
                let items = page.get("items").and_then(Value::as_list).unwrap();
                seen.extend(items.iter().map(|item| item.get("n").and_then(Value::as_i64).unwrap()));
                match page.get("nextToken") {
                    Some(token @ Value::String(_)) => request.set("nextToken", token.clone()),
                    _ => break,
                }
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (90..120).collect::<Vec<_>>());
    }
}
