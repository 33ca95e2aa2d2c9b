//! The pattern letters of `java.time.format.DateTimeFormatter` (spec appsync-js 2.2).

use super::field::{Field, Style};
use super::zone::NameLength;

/// Longest pattern. Ours; Java has no bound.
const PATTERN_BYTES: usize = 1024;
/// How deep optional sections may nest. Ours.
const NESTING: usize = 32;

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Literal(String),
    Number(Number),
    Text {
        field: Field,
        style: Style,
    },
    Offset {
        form: OffsetForm,
        zero: &'static str,
    },
    /// `GMT+8` or `GMT+08:00`
    LocalizedOffset {
        is_full: bool,
    },
    ZoneId,
    ZoneName(NameLength),
    /// The item, filled up with blanks on the left.
    Padded {
        item: Box<Item>,
        width: usize,
    },
    Optional(Vec<Item>),
}

/// How a number is printed and read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub field: Field,
    pub min_width: usize,
    pub max_width: usize,
    pub sign: Sign,
    pub kind: Kind,
    pub adjacent: Adjacent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// Two digits of a year, read as 2000 to 2099.
    TwoDigitYear,
    /// Digits of a fraction of a second.
    Fraction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A minus, but no plus.
    Normal,
    Never,
    /// A plus where the value has more digits than the pattern letters.
    ExceedsPad,
}

/// What numbers without anything between them do to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Adjacent {
    /// So many digits belong to the numbers that follow.
    Reserves(usize),
    /// Follows a number, and has exactly its width.
    Fixed,
}

/// Which parts of an offset are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetForm {
    pub minutes: Presence,
    pub seconds: Presence,
    pub colon: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Always,
    Never,
    /// Where it is not zero.
    IfNeeded,
}

impl OffsetForm {
    const fn new(minutes: Presence, seconds: Presence, colon: bool) -> OffsetForm {
        OffsetForm { minutes, seconds, colon }
    }
    /// `+08:00`, with seconds where there are some.
    pub const ISO: OffsetForm = OffsetForm::new(Presence::Always, Presence::IfNeeded, true);
    /// `X`, `XX` and so on, by the number of letters.
    const BY_COUNT: [OffsetForm; 5] = [
        OffsetForm::new(Presence::IfNeeded, Presence::Never, false),
        OffsetForm::new(Presence::Always, Presence::Never, false),
        OffsetForm::new(Presence::Always, Presence::Never, true),
        OffsetForm::new(Presence::Always, Presence::IfNeeded, false),
        OffsetForm::ISO,
    ];
}

/// Reads a pattern.
///
/// # Errors
/// Java's texts.
pub(super) fn parse(pattern: &str) -> Result<Vec<Item>, String> {
    if pattern.len() > PATTERN_BYTES {
        return Err(format!("a date pattern has at most {PATTERN_BYTES} bytes, this one {}", pattern.len()));
    }
    let chars: Vec<char> = pattern.chars().collect();
    let mut builder = Builder::default();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            'a'..='z' | 'A'..='Z' => {
                let mut count = 1 + run(&chars[at..], c);
                at += count - 1;
                let mut letter = c;
                if c == 'p' {
                    let next = chars.get(at).copied().filter(char::is_ascii_alphabetic);
                    letter =
                        next.ok_or_else(|| format!("Pad letter 'p' must be followed by valid pad pattern: {pattern}"))?;
                    builder.padding = Some(count);
                    builder.number = None;
                    count = run(&chars[at..], letter);
                    at += count;
                }
                builder.letters(letter, count)?;
            }
            '\'' => {
                let mut text = String::new();
                loop {
                    match (chars.get(at), chars.get(at + 1)) {
                        (Some('\''), Some('\'')) => {
                            text.push('\'');
                            at += 2;
                        }
                        (Some('\''), _) => break,
                        (Some(&c), _) => {
                            text.push(c);
                            at += 1;
                        }
                        (None, _) => return Err(format!("Pattern ends with an incomplete string literal: {pattern}")),
                    }
                }
                at += 1;
                builder.literal(if text.is_empty() { "'".to_owned() } else { text });
            }
            '[' => builder.open()?,
            ']' => builder.close()?,
            '{' | '}' | '#' => return Err(format!("Pattern includes reserved character: '{c}'")),
            _ => builder.literal(c.to_string()),
        }
    }
    while !builder.outer.is_empty() {
        builder.close()?;
    }
    Ok(builder.items)
}

/// How often `c` stands at the beginning of `chars`.
fn run(chars: &[char], c: char) -> usize {
    chars.iter().take_while(|next| **next == c).count()
}

#[derive(Default)]
struct Builder {
    items: Vec<Item>,
    /// The sections around an optional one.
    outer: Vec<Vec<Item>>,
    /// Width that the next item is filled up to.
    padding: Option<usize>,
    /// The number before, while nothing stands between it and what comes.
    number: Option<usize>,
}

impl Builder {
    fn open(&mut self) -> Result<(), String> {
        if self.outer.len() >= NESTING {
            return Err(format!("optional sections nest deeper than {NESTING} levels"));
        }
        self.outer.push(std::mem::take(&mut self.items));
        self.number = None;
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let outer = self.outer.pop().ok_or("Pattern invalid as it contains ] without previous [")?;
        let section = std::mem::replace(&mut self.items, outer);
        if !section.is_empty() {
            self.items.push(Item::Optional(section));
        }
        self.number = None;
        Ok(())
    }

    fn literal(&mut self, text: String) {
        self.push(Item::Literal(text));
    }

    fn push(&mut self, item: Item) {
        let item = match self.padding.take() {
            Some(width) => Item::Padded { item: Box::new(item), width },
            None => item,
        };
        self.items.push(item);
        self.number = None;
    }

    /// Adds a number. Behind another one, a number of certain width keeps its digits from that one, as in `yyyyMMdd`.
    fn number(&mut self, mut number: Number) {
        let before = self.number;
        let is_fixed = number.min_width == number.max_width && number.sign == Sign::Never;
        if let Some(Item::Number(first)) = before.and_then(|before| self.items.get_mut(before)) {
            if is_fixed {
                let reserved = match first.adjacent {
                    Adjacent::Reserves(digits) => digits,
                    Adjacent::Fixed => 0,
                };
                first.adjacent = Adjacent::Reserves(reserved + number.max_width);
                number.adjacent = Adjacent::Fixed;
            } else {
                first.adjacent = Adjacent::Fixed;
            }
        }
        let is_padded = self.padding.is_some();
        let at = self.items.len();
        self.push(Item::Number(number));
        self.number = match before {
            Some(before) if is_fixed => Some(before),
            _ if is_padded => None,
            _ => Some(at),
        };
    }

    fn letters(&mut self, letter: char, count: usize) -> Result<(), String> {
        let too_many = || Err(format!("Too many pattern letters: {letter}"));
        let plain = |field, min_width, max_width, sign| Number {
            field,
            min_width,
            max_width,
            sign,
            kind: Kind::Plain,
            adjacent: Adjacent::Reserves(0),
        };
        let natural = |field| plain(field, 1, 19, Sign::Normal);
        let digits = |field, width| plain(field, width, width, Sign::Never);
        match letter {
            'u' | 'y' | 'Y' => {
                let field = match letter {
                    'u' => Field::Year,
                    'y' => Field::YearOfEra,
                    _ => Field::WeekYear,
                };
                self.number(match count {
                    2 => Number { kind: Kind::TwoDigitYear, ..plain(field, 2, 2, Sign::Never) },
                    1 | 3 => plain(field, count, 19, Sign::Normal),
                    _ => plain(field, count, 19, Sign::ExceedsPad),
                });
            }
            'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'c' => {
                let field = match letter {
                    'M' | 'L' => Field::Month,
                    'Q' | 'q' => Field::Quarter,
                    _ => Field::DayOfWeek,
                };
                match (count, letter) {
                    (2, 'c') => return Err("Invalid pattern \"cc\"".to_owned()),
                    (1 | 2, 'E') | (3, _) => self.push(Item::Text { field, style: Style::Short }),
                    (1 | 2, 'e' | 'c') => self.number(digits(Field::LocalDayOfWeek, count)),
                    (1, _) => self.number(natural(field)),
                    (2, _) => self.number(digits(field, 2)),
                    (4, _) => self.push(Item::Text { field, style: Style::Full }),
                    (5, _) => self.push(Item::Text { field, style: Style::Narrow }),
                    _ => return too_many(),
                }
            }
            'w' if count <= 2 => self.number(plain(Field::WeekOfWeekYear, count, 2, Sign::Never)),
            'W' if count == 1 => self.number(digits(Field::WeekOfMonth, 1)),
            'a' if count == 1 => self.push(Item::Text { field: Field::AmPm, style: Style::Short }),
            'G' => match count {
                1..=3 => self.push(Item::Text { field: Field::Era, style: Style::Short }),
                4 => self.push(Item::Text { field: Field::Era, style: Style::Full }),
                5 => self.push(Item::Text { field: Field::Era, style: Style::Narrow }),
                _ => return too_many(),
            },
            'S' if count <= 9 => {
                self.number(Number { kind: Kind::Fraction, ..digits(Field::Nano, count) });
            }
            'S' => return Err(format!("Minimum width must be from 0 to 9 inclusive but was {count}")),
            'D' if count == 1 => self.number(natural(Field::DayOfYear)),
            'D' if count <= 3 => self.number(plain(Field::DayOfYear, count, 3, Sign::Never)),
            // From Java 19 on `F` counts weeks; before, days. AppSync's Java is older (UNCONFIRMED).
            'F' if count == 1 => self.number(natural(Field::DayOfWeekInMonth)),
            'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' if count <= 2 => {
                let field = match letter {
                    'd' => Field::Day,
                    'h' => Field::ClockHourOfAmPm,
                    'H' => Field::Hour,
                    'k' => Field::ClockHour,
                    'K' => Field::HourOfAmPm,
                    'm' => Field::Minute,
                    _ => Field::Second,
                };
                self.number(if count == 1 { natural(field) } else { digits(field, 2) });
            }
            'A' | 'n' | 'N' if count <= 19 => {
                let field = match letter {
                    'A' => Field::MilliOfDay,
                    'n' => Field::Nano,
                    _ => Field::NanoOfDay,
                };
                self.number(plain(field, count, 19, Sign::Never));
            }
            'g' if count <= 19 => self.number(plain(Field::ModifiedJulianDay, count, 19, Sign::Normal)),
            'V' if count == 2 => self.push(Item::ZoneId),
            'V' => return Err(format!("Pattern letter count must be 2: {letter}")),
            'z' if count <= 3 => self.push(Item::ZoneName(NameLength::Short)),
            'z' if count == 4 => self.push(Item::ZoneName(NameLength::Long)),
            'Z' if count <= 3 => self.push(Item::Offset { form: OffsetForm::BY_COUNT[1], zero: "+0000" }),
            'Z' if count == 4 => self.push(Item::LocalizedOffset { is_full: true }),
            'Z' if count == 5 => self.push(Item::Offset { form: OffsetForm::ISO, zero: "Z" }),
            'O' if count == 1 || count == 4 => self.push(Item::LocalizedOffset { is_full: count == 4 }),
            'O' => return Err(format!("Pattern letter count must be 1 or 4: {letter}")),
            'X' if count <= 5 => self.push(Item::Offset { form: OffsetForm::BY_COUNT[count - 1], zero: "Z" }),
            'x' if count <= 5 => {
                let zero = match count {
                    1 => "+00",
                    2 | 4 => "+0000",
                    _ => "+00:00",
                };
                self.push(Item::Offset { form: OffsetForm::BY_COUNT[count - 1], zero });
            }
            'B' | 'v' => return Err(format!("the pattern letter `{letter}` is not supported")),
            'A' | 'n' | 'N' | 'g' => {
                return Err(format!("The minimum width must be from 1 to 19 inclusive but was {count}"));
            }
            'W' | 'w' | 'a' | 'D' | 'F' | 'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'z' | 'Z' | 'X' | 'x' => {
                return too_many();
            }
            _ => return Err(format!("Unknown pattern letter: {letter}")),
        }
        Ok(())
    }
}
