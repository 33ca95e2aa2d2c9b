//! Java's character classes as sets of characters.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// Which letters count as equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fold {
    None,
    Ascii,
    Unicode,
}

pub(super) fn all() -> ClassUnicode {
    range('\0', char::MAX)
}

pub(super) fn range(first: char, last: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(first, last)])
}

/// The characters of `text`.
pub(super) fn chars(text: &str) -> ClassUnicode {
    ClassUnicode::new(text.chars().map(|c| ClassUnicodeRange::new(c, c)))
}

pub(super) fn negated(mut set: ClassUnicode) -> ClassUnicode {
    set.negate();
    set
}

pub(super) fn union(mut left: ClassUnicode, right: &ClassUnicode) -> ClassUnicode {
    left.union(right);
    left
}

pub(super) fn intersection(mut left: ClassUnicode, right: &ClassUnicode) -> ClassUnicode {
    left.intersect(right);
    left
}

/// The set with the other cases of its letters.
pub(super) fn fold(mut set: ClassUnicode, fold: Fold) -> ClassUnicode {
    match fold {
        Fold::None => {}
        Fold::Unicode => set.case_fold_simple(),
        Fold::Ascii => {
            let letters = intersection(union(range('a', 'z'), &range('A', 'Z')), &set);
            let swapped = letters.iter().map(|letters| {
                let swap = |c: char| (c as u8 ^ 0x20) as char;
                ClassUnicodeRange::new(swap(letters.start()), swap(letters.end()))
            });
            set.union(&ClassUnicode::new(swapped));
        }
    }
    set
}

/// A set in the syntax of the `regex` crates, which know the properties of Unicode.
fn unicode(class: &str) -> Option<ClassUnicode> {
    match regex_syntax::Parser::new().parse(class).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set),
        HirKind::Literal(literal) => Some(chars(std::str::from_utf8(&literal.0).ok()?)),
        _ => None,
    }
}

/// `\w`
pub(super) fn word(is_unicode: bool) -> Option<ClassUnicode> {
    unicode(if is_unicode { r"\w" } else { "[a-zA-Z_0-9]" })
}

/// A POSIX class: of ASCII alone, unless the flag `U` is set.
pub(super) fn named(name: &str, is_unicode: bool) -> Option<ClassUnicode> {
    let (ascii, all) = match name {
        "Lower" => ("[a-z]", r"\p{Lowercase}"),
        "Upper" => ("[A-Z]", r"\p{Uppercase}"),
        "ASCII" => (r"[\x00-\x7f]", r"[\x00-\x7f]"),
        "Alpha" => ("[a-zA-Z]", r"\p{Alphabetic}"),
        "Digit" => ("[0-9]", r"\p{Nd}"),
        "Alnum" => ("[a-zA-Z0-9]", r"[\p{Alphabetic}\p{Nd}]"),
        "Punct" => (r"[!-/:-@\[-`{-~]", r"\p{P}"),
        "Graph" => ("[!-~]", r"[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]"),
        "Print" => ("[ -~]", r"[[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]\p{Zs}&&[^\p{Cc}]]"),
        "Blank" => (r"[ \t]", r"[\p{Zs}\t]"),
        "Cntrl" => (r"[\x00-\x1f\x7f]", r"\p{Cc}"),
        "XDigit" => ("[0-9a-fA-F]", r"[\p{Nd}\p{Hex_Digit}]"),
        "Space" => (r"[ \t\n\x0b\f\r]", r"\p{White_Space}"),
        _ => return None,
    };
    unicode(if is_unicode { all } else { ascii })
}

/// The methods of `java.lang.Character` that patterns name, as properties.
fn java(name: &str) -> Option<ClassUnicode> {
    unicode(match name {
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaAlphabetic" => r"\p{Alphabetic}",
        "javaIdeographic" => r"\p{Ideographic}",
        "javaTitleCase" => r"\p{Lt}",
        "javaDigit" => r"\p{Nd}",
        "javaDefined" => r"\P{Cn}",
        "javaLetter" => r"\p{L}",
        "javaLetterOrDigit" => r"[\p{L}\p{Nd}]",
        "javaSpaceChar" => r"\p{Z}",
        "javaWhitespace" => r"[\p{Z}\t-\r\x1c-\x1f&&[^\u{a0}\u{2007}\u{202f}]]",
        "javaISOControl" => r"\p{Cc}",
        "javaJavaIdentifierStart" => r"[\p{L}\p{Nl}\p{Sc}\p{Pc}]",
        "javaJavaIdentifierPart" => r"[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\u{9f}]",
        "javaUnicodeIdentifierStart" => r"\p{ID_Start}",
        _ => return None,
    })
}

/// The blocks that patterns are known to use; the engine's tables have none.
fn block(name: &str) -> Option<ClassUnicode> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (first, last) = match name.as_str() {
        "basiclatin" => (0, 0x7f),
        "latin1supplement" => (0x80, 0xff),
        "latinextendeda" => (0x100, 0x17f),
        "latinextendedb" => (0x180, 0x24f),
        "ipaextensions" => (0x250, 0x2af),
        "spacingmodifierletters" => (0x2b0, 0x2ff),
        "combiningdiacriticalmarks" => (0x300, 0x36f),
        "greek" | "greekandcoptic" => (0x370, 0x3ff),
        "cyrillic" => (0x400, 0x4ff),
        "armenian" => (0x530, 0x58f),
        "hebrew" => (0x590, 0x5ff),
        "arabic" => (0x600, 0x6ff),
        "devanagari" => (0x900, 0x97f),
        "thai" => (0xe00, 0xe7f),
        "georgian" => (0x10a0, 0x10ff),
        "hanguljamo" => (0x1100, 0x11ff),
        "latinextendedadditional" => (0x1e00, 0x1eff),
        "greekextended" => (0x1f00, 0x1fff),
        "generalpunctuation" => (0x2000, 0x206f),
        "currencysymbols" => (0x20a0, 0x20cf),
        "letterlikesymbols" => (0x2100, 0x214f),
        "arrows" => (0x2190, 0x21ff),
        "mathematicaloperators" => (0x2200, 0x22ff),
        "boxdrawing" => (0x2500, 0x257f),
        "miscellaneoussymbols" => (0x2600, 0x26ff),
        "dingbats" => (0x2700, 0x27bf),
        "cjksymbolsandpunctuation" => (0x3000, 0x303f),
        "hiragana" => (0x3040, 0x309f),
        "katakana" => (0x30a0, 0x30ff),
        "cjkunifiedideographs" => (0x4e00, 0x9fff),
        "hangulsyllables" => (0xac00, 0xd7af),
        "privateusearea" => (0xe000, 0xf8ff),
        "emoticons" => (0x1f600, 0x1f64f),
        _ => return None,
    };
    Some(range(char::from_u32(first)?, char::from_u32(last)?))
}

/// Whether Java may know the class though [`property`] does not.
pub(super) fn is_unsupported(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name == "javaMirrored" || lower.starts_with("blk=") || lower.starts_with("block=")
}

/// The class that `\p{name}` names.
pub(super) fn property(name: &str, is_unicode: bool, ignore_case: bool) -> Option<ClassUnicode> {
    // With (?i) the classes of one case take both.
    let cased = |name: &str| ignore_case && matches!(name, "Lower" | "Upper" | "Lowercase" | "Uppercase" | "Titlecase");
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => unicode(&format!(r"\p{{sc={}}}", plain(value)?)),
            "gc" | "general_category" => category(value, ignore_case),
            "blk" | "block" => block(value),
            _ => None,
        };
    }
    if let Some(name) = name.strip_prefix("In") {
        return block(name);
    }
    if let Some(name) = name.strip_prefix("Is") {
        let lower = name.to_ascii_lowercase();
        let binary = match lower.as_str() {
            "alphabetic" => r"\p{Alphabetic}",
            "letter" => r"\p{L}",
            "ideographic" => r"\p{Ideographic}",
            "lowercase" | "uppercase" | "titlecase" if ignore_case => r"[\p{Lowercase}\p{Uppercase}\p{Lt}]",
            "lowercase" => r"\p{Lowercase}",
            "uppercase" => r"\p{Uppercase}",
            "titlecase" => r"\p{Lt}",
            "white_space" | "whitespace" => r"\p{White_Space}",
            "control" => r"\p{Cc}",
            "punctuation" => r"\p{P}",
            "hex_digit" | "hexdigit" => r"[\p{Nd}\p{Hex_Digit}]",
            "assigned" => r"\P{Cn}",
            "noncharacter_code_point" | "noncharactercodepoint" => r"\p{Noncharacter_Code_Point}",
            "digit" => r"\p{Nd}",
            "alnum" => r"[\p{Alphabetic}\p{Nd}]",
            "blank" => r"[\p{Zs}\t]",
            "join_control" | "joincontrol" => r"\p{Join_Control}",
            "word" => r"\w",
            _ => {
                return category(name, ignore_case).or_else(|| unicode(&format!(r"\p{{sc={}}}", plain(name)?)));
            }
        };
        return unicode(binary);
    }
    if name.starts_with("java") {
        return if ignore_case && matches!(name, "javaLowerCase" | "javaUpperCase" | "javaTitleCase") {
            unicode(r"[\p{Lowercase}\p{Uppercase}\p{Lt}]")
        } else {
            java(name)
        };
    }
    match name {
        "all" => return Some(all()),
        "L1" => return Some(range('\0', '\u{ff}')),
        _ if cased(name) && is_unicode => return unicode(r"[\p{Lowercase}\p{Uppercase}\p{Lt}]"),
        _ if cased(name) => return unicode("[a-zA-Z]"),
        _ => {}
    }
    named(name, is_unicode).or_else(|| category(name, ignore_case))
}

/// A general category by its one or two letters.
fn category(name: &str, ignore_case: bool) -> Option<ClassUnicode> {
    match name {
        "LC" => unicode(r"[\p{Lu}\p{Ll}\p{Lt}]"),
        "LD" => unicode(r"[\p{L}\p{Nd}]"),
        "Lu" | "Ll" | "Lt" if ignore_case => unicode(r"[\p{Lu}\p{Ll}\p{Lt}]"),
        "L" | "M" | "N" | "Z" | "C" | "P" | "S" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "Mn" | "Me" | "Mc" | "Nd"
        | "Nl" | "No" | "Zs" | "Zl" | "Zp" | "Cc" | "Cf" | "Co" | "Cs" | "Cn" | "Pd" | "Ps" | "Pe" | "Pc" | "Po"
        | "Sm" | "Sc" | "Sk" | "So" | "Pi" | "Pf" => unicode(&format!(r"\p{{{name}}}")),
        _ => None,
    }
}

/// A name that cannot end the braces around it.
fn plain(name: &str) -> Option<&str> {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(name)
}
