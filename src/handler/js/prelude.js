// Runs once per engine, before any resolver code: builds `util` and its kin from native functions, the traps of lazy
// host objects, and freezes everything that resolver code can reach, so that no call leaves anything for the next one.
export default function (native, isStandard) {
  "use strict";
  const { touch, loadContext } = native;
  const {
    apply, ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty, preventExtensions, isExtensible, getPrototypeOf,
  } = Reflect;
  const { max, min } = Math;
  const { freeze } = Object;
  const SystemError = Error, SystemTypeError = TypeError; // the AppSync dialect loses the global names below

  // A lazy object holds a Rust value. The first look at its members converts them into the proxy's target; from then on
  // the handler has no traps and the proxy is transparent.
  const traps = (get) => ({
    __proto__: null,
    get,
    has(target, key) { touch(this, target); return key in target; },
    set(target, key, value) { touch(this, target); target[key] = value; return true; },
    deleteProperty(target, key) { touch(this, target); return deleteProperty(target, key); },
    defineProperty(target, key, descriptor) { touch(this, target); return defineProperty(target, key, descriptor); },
    getOwnPropertyDescriptor(target, key) { touch(this, target); return getOwnPropertyDescriptor(target, key); },
    ownKeys(target) { touch(this, target); return ownKeys(target); },
    preventExtensions(target) { touch(this, target); return preventExtensions(target); },
  });

  const refuse = (target, key) => {
    throw new SystemTypeError(`ctx is readonly. Adding/Updating ${String(key)} is not supported.`);
  };
  const contextWriteTraps = {
    __proto__: null, set: refuse, deleteProperty: refuse, defineProperty: refuse,
    preventExtensions() { throw new SystemTypeError("ctx is readonly"); },
  };
  const contextTraps = {
    __proto__: contextWriteTraps,
    get: native.contextGet,
    has(target, key) { loadContext(this, target); return key in target; },
    getOwnPropertyDescriptor(target, key) { loadContext(this, target); return getOwnPropertyDescriptor(target, key); },
    ownKeys(target) { loadContext(this, target); return ownKeys(target); },
  };

  const { library } = native;
  const { util, runtime, extensions, dynamodb, rds, ai } = library;

  // Null and undefined are one value (spec appsync-js 1.5). Rewritten code compares with `same`, and takes values that a
  // pattern with defaults is about to take apart through `lack`: members that the shape gives a default become undefined
  // where they are null, in a copy.
  const { isArray } = Array;
  const same = (a, b) => a === b || (a == null && b == null);
  const lack = (value, shape) => {
    if (value === null || typeof value !== "object") return value;
    let copy = value;
    // For each member: its key, whether it has a default, the shape of its own pattern or null.
    for (let at = 0; at < shape.length; at += 3) {
      const key = shape[at], member = value[key], nested = shape[at + 2];
      let given = member;
      if (member === null) {
        if (shape[at + 1]) given = undefined;
      } else if (nested !== null) {
        given = lack(member, nested);
      }
      if (given !== member) {
        if (copy === value) copy = isArray(value) ? [...value] : { ...value };
        copy[key] = given;
      }
    }
    return copy;
  };
  const lackEach = (list, shape) => isArray(list) ? list.map((value) => lack(value, shape)) : list;

  const { log } = native;
  const console = {
    log: (...values) => log(1, new SystemError().stack, values),
    info: (...values) => log(1, new SystemError().stack, values),
    debug: (...values) => log(0, new SystemError().stack, values),
    error: (...values) => log(2, new SystemError().stack, values),
    warn: (...values) => log(2, new SystemError().stack, values),
  };

  Math.random = native.random;
  if (isStandard) {
    const now = native.now;
    const SystemDate = Date;
    globalThis.Date = class Date extends SystemDate {
      constructor(...values) { super(...(values.length ? values : [now()])); }
      static now() { return now(); }
    };
    SystemDate.prototype.constructor = globalThis.Date;
    SystemDate.now = now;
  } else {
    const parse = JSON.parse;
    // AppSync has no exceptions: text that is not JSON gives an empty string (spec appsync-js 1.4).
    JSON.parse = (text, reviver) => { try { return parse(text, reviver); } catch { return ""; } };
    // A pattern that is text is a Java regular expression, and what replaces it follows Java's rules (spec appsync-js 1.4).
    for (const name of ["replace", "replaceAll"]) {
      const replace = native[name];
      const method = { [name](pattern, replacement) {
        return replace(String(this), String(pattern), String(replacement));
      } }[name];
      defineProperty(String.prototype, name, { value: method });
    }
    // A search for null finds undefined, and the other way round: they are one value.
    const { indexOf, lastIndexOf } = Array.prototype;
    const isNothing = (value) => value == null;
    const search = (name, direct, nothing) => {
      const method = { [name](sought, ...from) {
        return sought == null ? nothing(this, from) : apply(direct, this, [sought, ...from]);
      } }[name];
      defineProperty(Array.prototype, name, { value: method });
    };
    search("indexOf", indexOf, (list, [from]) => {
      const start = from < 0 ? max(list.length + from, 0) : from ?? 0;
      for (let index = start; index < list.length; index++) if (isNothing(list[index])) return index;
      return -1;
    });
    search("lastIndexOf", lastIndexOf, (list, [from]) => {
      const start = from < 0 ? list.length + from : min(from ?? list.length, list.length - 1);
      for (let index = start; index >= 0; index--) if (isNothing(list[index])) return index;
      return -1;
    });
    search("includes", Array.prototype.includes, (list, from) => list.indexOf(null, ...from) >= 0);
  }

  // QuickJS does not look at the clock inside of a built-in. Those whose time does not follow from the memory that their
  // input takes (a list can be long without having elements, one text can stand in many places) refuse what would run for
  // longer than a call may. They are called often: two plain parameters cost half of what a list of them does.
  const ELEMENTS_MAX = 4e6, STEPS_MAX = 1e9;
  const { split: ownSearch } = Symbol;
  const { call } = Function.prototype;
  const tooLong = (name) => { throw new SystemError(`the value is too long for \`${name}\``); };
  const guard = (object, names, guarded) => {
    for (const name of names) defineProperty(object, name, { value: guarded(name, call.bind(object[name]), object[name])[name] });
  };
  const lengthOf = (value) => typeof value === "string" ? value.length : 1;
  const isLong = (list) => list != null && list.length > ELEMENTS_MAX;
  const isLongSort = (list) => {
    if (isLong(list)) return true;
    let characters = 0;
    for (let index = 0; index < list.length; index++) characters += lengthOf(list[index]);
    return characters * 32 > STEPS_MAX;
  };
  guard(String.prototype, ["indexOf", "lastIndexOf", "includes", "split", "replace", "replaceAll"], (name, direct) => ({
    [name](sought, b) {
      // What is not text becomes it here already, unless it brings a search of its own as patterns do.
      if (typeof sought === "object" && sought !== null && sought[ownSearch] === undefined) sought = `${sought}`;
      if (typeof sought === "string" && sought.length * this.length > STEPS_MAX) tooLong(name);
      return direct(this, sought, b);
    },
  }));
  guard(String.prototype, ["normalize"], (name, direct) => ({
    [name](form) { return lengthOf(this) > STEPS_MAX / 1e4 ? tooLong(name) : direct(this, form); },
  }));
  guard(Array.prototype, ["every", "filter", "flat", "flatMap", "forEach", "join", "map", "reverse", "shift", "slice", "some", "toReversed"],
    (name, direct) => ({ [name](a, b) { return this.length > ELEMENTS_MAX ? tooLong(name) : direct(this, a, b); } }));
  guard(Array.prototype, ["copyWithin", "fill", "reduce", "reduceRight", "splice", "toSpliced", "unshift", "with"],
    (name, _, direct) => ({ [name](...values) { return isLong(this) ? tooLong(name) : apply(direct, this, values); } }));
  guard(Array.prototype, ["concat"], (name, _, direct) => ({
    [name](...values) {
      if (isLong(this) || values.some((value) => isArray(value) && isLong(value))) tooLong(name);
      return apply(direct, this, values);
    },
  }));
  guard(Array.prototype, ["indexOf", "lastIndexOf", "includes"], (name, _, direct) => ({
    [name](...values) {
      if (isLong(this) || this.length * lengthOf(values[0]) > STEPS_MAX) tooLong(name);
      return apply(direct, this, values);
    },
  }));
  guard(Array.prototype, ["sort", "toSorted"], (name, direct) => ({
    [name](order) { return isLongSort(this) ? tooLong(name) : direct(this, order); },
  }));
  guard(String, ["raw"], (name, _, direct) => ({
    [name](...values) { return isLong(values[0]?.raw) ? tooLong(name) : apply(direct, this, values); },
  }));
  if (isStandard) {
    // Their constructors call these for every element; a call of JavaScript is where QuickJS looks at the clock.
    guard(Set.prototype, ["add"], (name, direct) => ({ [name](value) { return direct(this, value); } }));
    guard(Map.prototype, ["set"], (name, direct) => ({ [name](key, value) { return direct(this, key, value); } }));
  }

  Object.assign(globalThis, { util, runtime, extensions, console });

  // Inherited members must stay assignable on the objects that inherit them (`item.constructor = "x"`), which plain
  // freezing forbids: a setter that defines the member on the receiver allows it.
  const enable = (prototype) => {
    for (const key of ownKeys(prototype)) {
      const { value, configurable, writable } = getOwnPropertyDescriptor(prototype, key);
      if (!configurable || (!writable && key !== "__proto__")) continue;
      const held = key === "__proto__" ? undefined : value;
      defineProperty(prototype, key, {
        get: key === "__proto__" ? function () { return getPrototypeOf(this); } : () => held,
        set(own) { defineProperty(this, key, { value: own, writable: true, enumerable: true, configurable: true }); },
        configurable: false,
        enumerable: false,
      });
    }
  };

  // What AppSync does not have goes before it is frozen: less to freeze, and nothing to find by a detour.
  const toWellFormed = Function.prototype.call.bind(String.prototype.toWellFormed);
  const global = globalThis;
  const hidden = {
    __proto__: null, Proxy: 1, Function: 1, eval: 1, globalThis: 1, Promise: 1, queueMicrotask: 1, performance: 1, gc: 1,
  };
  const kept = isStandard ? (name) => !(name in hidden) : (name) => name in native.globals;
  const iterators = [[][Symbol.iterator](), ""[Symbol.iterator](), function* () {}, async function () {}, async function* () {}]
    .map(getPrototypeOf);
  const detours = [Function.prototype, BigInt.prototype, Symbol.prototype, getPrototypeOf(native.log), ...iterators];
  if (isStandard) {
    detours.push(BigInt, Symbol, Function, getPrototypeOf([].values().map(() => 0)));
    detours.push(...[new Map().entries(), new Set().values(), "".matchAll(/x/g)].map(getPrototypeOf));
  } else {
    const empty = (object) => { for (const key of ownKeys(object)) deleteProperty(object, key); };
    const remove = (object, names) => { for (const name of names) delete object[name]; };
    [Iterator.prototype, Function.prototype, BigInt.prototype, Symbol.prototype].forEach(empty);
    remove(Object, native.refusedOfObject);
    for (const name of ownKeys(Math)) if (typeof Math[name] === "function" && !(name in native.ofMath)) delete Math[name];
    remove(Array, ["from", "fromAsync", "of", Symbol.species]);
    remove(Array.prototype, ["constructor", "copyWithin", "entries", "keys", "toLocaleString", "values", Symbol.unscopables]);
    remove(String, ["fromCharCode", "fromCodePoint"]);
    remove(String.prototype, [
      "constructor", "anchor", "big", "blink", "bold", "fixed", "fontcolor", "fontsize", "italics", "link", "small", "strike",
      "sub", "sup", "charCodeAt", "isWellFormed", "localeCompare", "match", "matchAll", "padEnd", "padStart", "repeat", "search",
      "toLocaleLowerCase", "toLocaleUpperCase", "toWellFormed", "trimLeft", "trimRight", "valueOf",
    ]);
    remove(Object.prototype, ["__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "__proto__"]);
  }
  enable(Object.prototype);
  if (isStandard) enable(Error.prototype);
  const unnamed = [];
  for (const key of ownKeys(global)) {
    if (typeof key !== "string" || !kept(key)) {
      if (isStandard) unnamed.push(getOwnPropertyDescriptor(global, key)?.value);
      deleteProperty(global, key);
    }
  }

  // Every engine does this before its first call, so it does no more than it must: no iterators, no look at what holds
  // nothing, and nothing but freezing leaves an object that cannot be extended.
  const isObject = (value) => typeof value === "function" || (typeof value === "object" && value !== null);
  const harden = (value) => {
    if (value === global || !isExtensible(value)) return;
    const keys = ownKeys(value);
    freeze(value);
    // Most functions have a length and a name only; their prototype is among the detours.
    if (keys.length === 2 && typeof value === "function") return;
    const prototype = getPrototypeOf(value);
    if (prototype !== null) harden(prototype);
    for (let index = 0; index < keys.length; index++) {
      const descriptor = getOwnPropertyDescriptor(value, keys[index]);
      const held = descriptor.value;
      if (isObject(held)) harden(held);
      else if (held === undefined) {
        const { get, set } = descriptor;
        if (get !== undefined) harden(get);
        if (set !== undefined) harden(set);
      }
    }
  };
  // Our own objects hold functions and objects, and have no accessors.
  const hardenOwn = (value) => {
    freeze(value);
    const keys = ownKeys(value);
    for (let index = 0; index < keys.length; index++) {
      const held = value[keys[index]];
      if (typeof held === "function") freeze(held);
      else if (isObject(held)) hardenOwn(held);
    }
  };
  hardenOwn(library);
  for (const detour of detours) harden(detour);
  for (const value of unnamed) if (isObject(value)) harden(value);
  for (const key of ownKeys(global)) {
    const { value } = getOwnPropertyDescriptor(global, key);
    if (isObject(value)) harden(value);
  }

  freeze(global);

  return {
    __proto__: null,
    library: freeze({ utils: freeze({ util, runtime, extensions }), dynamodb, rds, ai }),
    objectTraps: freeze(traps(native.objectGet)),
    listTraps: freeze(traps(native.listGet)),
    contextTraps,
    contextWriteTraps,
    helpers: [native.loopLimit, same, lack, lackEach],
    toWellFormed,
  };
}
