//! Java's own answers, and properties.

use super::*;

fn shown(result: Result<String, String>) -> String {
    result.unwrap_or_else(|problem| format!("!{problem}"))
}

/// What this version answers to one row of the table.
fn answer(kind: &str, pattern: &str, input: &str, zone: &str) -> String {
    let zone = (!zone.is_empty() || kind == "format").then(|| zone.into());
    shown(match kind {
        "format" => match formatted(input.parse().unwrap(), pattern, zone) {
            Ok(text) => Ok(text.as_str().unwrap().to_owned()),
            Err(Refusal::Failed(problem)) => Err(problem),
            Err(other) => panic!("{other:?}"),
        },
        "parse" => pattern::parse(pattern).and_then(|items| {
            let zone = zone.map(|zone: Str| Zone::parse(&zone)).transpose()?;
            Ok(read(&items, input, zone.as_ref())?.to_string())
        }),
        other => panic!("`{other}` is neither `format` nor `parse`"),
    })
}

#[test]
fn patterns_print_and_read_what_java_prints_and_reads() {
    let table = include_str!("../../../../tests/java/time.tsv");
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with("##")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [kind, pattern, input, zone, java] = columns[..] else { panic!("`{line}` has not five columns") };
        let ours = answer(kind, pattern, input, zone);
        if ours != java {
            wrong.push(format!("java {line}\nours {ours}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_zone_with_a_name_is_a_zone() {
    for line in include_str!("zone_names.txt").lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('|').collect();
        let [_, _, _, _, zones] = columns[..] else { panic!("`{line}` has not five columns") };
        for id in zones.split(' ') {
            assert!(Zone::parse(id).is_ok(), "{id}");
        }
    }
}

#[test]
fn what_java_has_and_this_version_has_not_is_refused_by_name() {
    assert_eq!(answer("format", "B", "0", "UTC"), "!the pattern letter `B` is not supported");
    assert_eq!(answer("format", "v", "0", "UTC"), "!the pattern letter `v` is not supported");
    assert!(answer("format", &"'".repeat(2_000), "0", "UTC").contains("at most 1024 bytes"));
    assert!(answer("format", &"[".repeat(100), "0", "UTC").contains("nest deeper than 32 levels"));
    assert!(answer("parse", "yyyy", &"2".repeat(2_000), "UTC").contains("longer than 1024 bytes"));
    assert_eq!(
        answer("parse", "uuuu-MM-dd HH", "+999999999-12-31 10", "UTC"),
        "!Text '+999999999-12-31 10' could not be parsed: long overflow"
    );
}

#[test]
fn iso_8601_comes_in_the_forms_that_java_reads() {
    let parse = |text: &str| {
        shown(
            read_iso8601(text, true)
                .or_else(|problem| read_iso8601(text, false).map_err(|_| problem))
                .map(|ms| ms.to_string()),
        )
    };
    for (text, answer) in [
        ("2018-02-01T17:21:05.180+08:00", "1517476865180"),
        ("2018-02-01T17:21:05.180+0800", "1517476865180"),
        ("2018-02-01T17:21:05.180+08", "1517476865180"),
        ("2018-02-01T09:21:05.18Z", "1517476865180"),
        ("2018-02-01t09:21:05.180z", "1517476865180"),
        ("2018-02-01T09:21:05.180123456Z", "1517476865180"),
        ("2018-02-01T09:21Z", "1517476860000"),
        ("2018-02-01T09:21:05", "1517476865000"),
        ("2018-02-01", "1517443200000"),
        ("2018-02-01T17:21:05+08:00[Australia/Perth]", "1517476865000"),
        ("2018-02-01T17:21:05[Australia/Perth]", "1517476865000"),
        ("1969-12-31T23:59:59.999Z", "-1"),
        ("+10000-01-01T00:00:00Z", "253402300800000"),
        ("2018-02-01T24:00:00Z", "1517529600000"),
        ("", "!Text '' could not be parsed at index 0"),
        ("yesterday", "!Text 'yesterday' could not be parsed at index 0"),
        ("2018-02-01 17:21:05", "!Text '2018-02-01 17:21:05' could not be parsed, unparsed text found at index 10"),
        (
            "2018-13-01T00:00:00Z",
            "!Text '2018-13-01T00:00:00Z' could not be parsed: Invalid value for MonthOfYear (valid values 1 - 12): 13",
        ),
        (
            "2018-02-01T25:00Z",
            "!Text '2018-02-01T25:00Z' could not be parsed: Invalid value for HourOfDay (valid values 0 - 23): 25",
        ),
        ("2018-2-1", "!Text '2018-2-1' could not be parsed at index 5"),
    ] {
        assert_eq!(parse(text), answer, "{text}");
    }
}

#[test]
fn milliseconds_print_as_iso_8601_over_all_years() {
    for (milliseconds, text) in [
        (1_517_943_695_758, "2018-02-06T19:01:35.758Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"),
        (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"),
        (i64::MAX, "+292278994-08-17T07:12:55.807Z"),
        (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
    ] {
        assert_eq!(iso8601(milliseconds), text);
    }
}

/// Parts that keep a date, a time and an offset whole.
const DATES: [&str; 8] =
    ["uuuu-MM-dd", "uuuuMMdd", "uuuu-DDD", "d.M.uuuuu", "EEEE, d MMMM uuuu", "yyyy G/MM/dd", "YYYY-'W'ww-e", "g"];
const TIMES: [&str; 6] = ["HH:mm:ss.SSS", "HHmmssSSS", "h:mm:ss.SSSSSSSSS a", "K a m s n", "ppkmmss.SSS", "N"];
const OFFSETS: [&str; 6] = ["XXXXX", "xxxx", "'GMT'X", "OOOO", "O", "VV"];

proptest::proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        milliseconds in -60_000_000_000_000_i64..250_000_000_000_000,
        (date, time, offset) in (0..DATES.len(), 0..TIMES.len(), 0..OFFSETS.len()),
        offset_minutes in -1080..=1080_i32,
        is_reversed: bool,
    ) {
        let (first, second) = if is_reversed { (TIMES[time], DATES[date]) } else { (DATES[date], TIMES[time]) };
        let pattern = format!("{first} {second} {}", OFFSETS[offset]);
        // One letter `X` leaves seconds out, and the others all have minutes.
        let zone = Zone::fixed(offset_minutes * 60);
        let items = pattern::parse(&pattern).unwrap();
        let mut text = String::new();
        format::format(&mut text, &items, &format::Moment::new(milliseconds, &zone)).unwrap();
        proptest::prop_assert_eq!(read(&items, &text, None), Ok(milliseconds), "{} as {}", text, pattern);
    }

    #[test]
    fn a_time_of_a_zone_is_read_again_where_clocks_do_not_repeat(
        seconds in -2_000_000_000_i64..8_000_000_000,
        zone in proptest::sample::select(vec!["Australia/Perth", "America/New_York", "Europe/Dublin", "Asia/Kolkata", "Africa/Casablanca"]),
    ) {
        let zone = Zone::parse(zone).unwrap();
        let local = seconds + i64::from(zone.offset_at(seconds).0);
        let read = zone.epoch_second(local);
        // Of a time that clocks show twice the first is meant.
        let is_same_clock = read + i64::from(zone.offset_at(read).0) == local;
        proptest::prop_assert!(is_same_clock && read <= seconds, "{} became {}", seconds, read);
    }

    #[test]
    fn no_pattern_and_no_text_make_the_reader_panic(
        pattern in r"[yuMdEHhmsSaXxZzVOKkANnwWYeqQDGgp\[\]'T:. -]{0,16}",
        text in "[0-9A-Za-z+:. é-]{0,16}",
        milliseconds: i64,
    ) {
        if let Ok(items) = pattern::parse(&pattern) {
            let _ = read(&items, &text, Some(&Zone::UTC));
            let _ = format::format(&mut String::new(), &items, &format::Moment::new(milliseconds, &Zone::UTC));
        }
        let _ = (Zone::parse(&text), read_iso8601(&text, false));
    }
}
