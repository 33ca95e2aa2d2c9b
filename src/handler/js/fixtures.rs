//! What an engine holds ready for every call: the objects of the prelude, and code that has been loaded.

use std::cell::RefCell;

use rquickjs::runtime::UserDataGuard;
use rquickjs::{Ctx, Error, Function as JsFunction, JsLifetime, Object, Value as JsValue};

/// Kept with the engine as its user data, so that native functions find it without looking up names.
pub(super) struct Fixtures<'js> {
    pub library: JsValue<'js>,
    /// Functions that rewritten code calls, in the order of [`HELPERS`](super::source::HELPERS).
    pub helpers: Vec<JsValue<'js>>,
    /// Prototypes of the handlers behind host objects.
    pub object_traps: Object<'js>,
    pub list_traps: Object<'js>,
    pub context_traps: Object<'js>,
    pub context_write_traps: Object<'js>,
    pub to_well_formed: JsFunction<'js>,
    /// What has been loaded so far, by the number of the module.
    pub factories: RefCell<Vec<Option<JsFunction<'js>>>>,
    /// The exports of modules that one instance serves, by the number of the module.
    pub instances: RefCell<Vec<Option<Object<'js>>>>,
    /// `request` and `response` of entries whose modules are all kept, by the number of the entry.
    pub handlers: RefCell<Vec<[Option<JsFunction<'js>>; 2]>>,
}

// SAFETY: `'js` is the only lifetime of the type, and `Changed` is the same type with another one in its place.
unsafe impl<'js> JsLifetime<'js> for Fixtures<'js> {
    type Changed<'to> = Fixtures<'to>;
}

impl<'js> Fixtures<'js> {
    /// From what the prelude gives, for a program of so many modules and entries.
    pub fn new(prelude: &Object<'js>, modules: usize, entries: usize) -> rquickjs::Result<Fixtures<'js>> {
        Ok(Fixtures {
            library: prelude.get("library")?,
            helpers: prelude.get("helpers")?,
            object_traps: prelude.get("objectTraps")?,
            list_traps: prelude.get("listTraps")?,
            context_traps: prelude.get("contextTraps")?,
            context_write_traps: prelude.get("contextWriteTraps")?,
            to_well_formed: prelude.get("toWellFormed")?,
            factories: RefCell::new(vec![None; modules]),
            instances: RefCell::new(vec![None; modules]),
            handlers: RefCell::new(vec![[None, None]; entries]),
        })
    }

    /// Those of the engine that runs.
    pub fn of<'a>(ctx: &'a Ctx<'js>) -> rquickjs::Result<UserDataGuard<'a, Fixtures<'js>>> {
        ctx.userdata().ok_or(Error::Unknown)
    }
}
