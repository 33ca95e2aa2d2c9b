//! The built-ins of AppSync: what code may name, and what AppSync's own linter refuses (spec appsync-js 1.4).

/// Names that code may use without declaring them.
pub(crate) const GLOBALS: &[&str] = &[
    "util",
    "extensions",
    "runtime",
    "console",
    "JSON",
    "Math",
    "Object",
    "Array",
    "String",
    "Number",
    "Boolean",
    "NaN",
    "Infinity",
    "undefined",
    "parseInt",
    "parseFloat",
    "isNaN",
    "isFinite",
];

/// Members of `Object` that are refused.
pub(crate) const REFUSED_OF_OBJECT: &[&str] = &[
    "create",
    "defineProperties",
    "defineProperty",
    "freeze",
    "getOwnPropertyDescriptor",
    "getOwnPropertyDescriptors",
    "getOwnPropertyNames",
    "getOwnPropertySymbols",
    "getPrototypeOf",
    "is",
    "isExtensible",
    "isFrozen",
    "isSealed",
    "preventExtensions",
    "seal",
    "setPrototypeOf",
];

/// Members of `Math` that AppSync has.
pub(crate) const OF_MATH: &[&str] = &["random", "min", "max", "round", "floor", "ceil"];

/// The cure for a refused member of a built-in, empty where there is none; `None` for one that is not refused.
pub(super) fn refused_static(object: &str, member: &str) -> Option<&'static str> {
    match object {
        "Object" if REFUSED_OF_OBJECT.contains(&member) => Some(match member {
            "freeze" | "seal" | "preventExtensions" => "leave it out: nothing outlives a call",
            "is" => "write `===`",
            "getOwnPropertyNames" => "write `Object.keys(object)`",
            "create" => "write an object literal",
            "defineProperty" | "defineProperties" => "write `object.key = value`",
            _ => "",
        }),
        "Array" => match member {
            "from" => Some("write `[...list]`, or `list.map(…)`"),
            "of" => Some("write an array literal"),
            _ => None,
        },
        "String" if matches!(member, "fromCharCode" | "fromCodePoint") => Some("write the character in the text"),
        "Math" if !OF_MATH.contains(&member) => {
            MATH_ELSEWHERE.iter().find(|(name, _)| *name == member).map(|(_, cure)| *cure)
        }
        _ => None,
    }
}

/// Functions that JavaScript's `Math` has and AppSync's has not.
const MATH_ELSEWHERE: &[(&str, &str)] = &[
    ("abs", "write `x < 0 ? -x : x`"),
    ("trunc", "write `x < 0 ? Math.ceil(x) : Math.floor(x)`"),
    ("sign", "write `x < 0 ? -1 : x > 0 ? 1 : 0`"),
    ("pow", "multiply in a loop"),
    ("sqrt", ""),
    ("cbrt", ""),
    ("hypot", ""),
    ("exp", ""),
    ("expm1", ""),
    ("log", ""),
    ("log1p", ""),
    ("log2", ""),
    ("log10", ""),
    ("sin", ""),
    ("cos", ""),
    ("tan", ""),
    ("asin", ""),
    ("acos", ""),
    ("atan", ""),
    ("atan2", ""),
    ("sinh", ""),
    ("cosh", ""),
    ("tanh", ""),
    ("asinh", ""),
    ("acosh", ""),
    ("atanh", ""),
    ("imul", ""),
    ("clz32", ""),
    ("fround", ""),
];

/// Methods that are refused on any value: the type that the linter names, the method, the cure where there is one.
pub(super) const REFUSED_METHODS: &[(&str, &str, &str)] = &[
    ("Object", "hasOwnProperty", "write `Object.hasOwn(object, key)`"),
    ("Object", "isPrototypeOf", ""),
    ("Object", "propertyIsEnumerable", "write `Object.hasOwn(object, key)`"),
    ("Object", "toLocaleString", "put the value into a template: `${value}`"),
    ("Object", "valueOf", "use the value itself"),
    ("String", "charCodeAt", "compare with `charAt` instead"),
    ("String", "localeCompare", "compare with `<` and `>` instead"),
    ("String", "matchAll", "use `util.matches(pattern, text)` or `split`"),
    ("String", "padEnd", "add the characters with `+`"),
    ("String", "padStart", "add the characters with `+`"),
    ("String", "repeat", "add the text with `+`"),
    ("String", "search", "use `util.matches(pattern, text)` or `indexOf`"),
    ("String", "toLocaleLowerCase", "write `toLowerCase()`"),
    ("String", "toLocaleUpperCase", "write `toUpperCase()`"),
    ("Array", "copyWithin", ""),
    ("Array", "groupToMap", "collect the groups in an object"),
];

/// Built-ins of JavaScript that AppSync does not have, with the cure where there is one.
const ELSEWHERE: &[(&str, &str)] = &[
    ("Date", "use `util.time.nowISO8601()` and the other functions of `util.time`"),
    ("fetch", "give the resolver an HTTP data source"),
    ("XMLHttpRequest", "give the resolver an HTTP data source"),
    ("setTimeout", "handlers run synchronously"),
    ("setInterval", "handlers run synchronously"),
    ("queueMicrotask", "handlers run synchronously"),
    ("process", "environment variables are in `ctx.env`"),
    ("require", "write `import { name } from '…'`"),
    ("module", "write `export function request(ctx) { … }`"),
    ("exports", "write `export function request(ctx) { … }`"),
    ("Map", "use a plain object"),
    ("Set", "use an array, or an object with the values as keys"),
    ("WeakMap", "use a plain object"),
    ("WeakSet", "use an array"),
    ("RegExp", "use `util.matches(pattern, text)`"),
    ("crypto", "use `util.autoId()`"),
    ("Buffer", "use `util.base64Encode(text)` and `util.base64Decode(text)`"),
    ("btoa", "use `util.base64Encode(text)`"),
    ("atob", "use `util.base64Decode(text)`"),
    ("encodeURIComponent", "use `util.urlEncode(text)`"),
    ("decodeURIComponent", "use `util.urlDecode(text)`"),
    ("encodeURI", "use `util.urlEncode(text)`"),
    ("decodeURI", "use `util.urlDecode(text)`"),
    ("Error", "use `util.error(message, type)`"),
    ("structuredClone", "write `JSON.parse(JSON.stringify(value))`"),
    ("arguments", "name the parameters, or write `(...values)`"),
    ("Symbol", ""),
    ("Proxy", ""),
    ("Reflect", ""),
    ("globalThis", ""),
    ("window", ""),
    ("global", ""),
    ("eval", "all code is known when it is saved"),
    ("Function", "all code is known when it is saved"),
    ("Intl", "format with `util.time`, or in the client"),
    ("BigInt", "keep long numbers as text"),
];

/// What a name that AppSync does not define may have been meant for; `None` for one that is simply not declared.
pub(super) fn cure_for_global(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(known, _)| *known == name).map(|(_, cure)| *cure)
}
