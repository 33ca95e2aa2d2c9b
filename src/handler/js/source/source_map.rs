//! Source maps that a bundler has put into the last line of a file: places in messages and log lines are then those of
//! the file that the author wrote (spec appsync-js 1.1, 1.7).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oxc_sourcemap::SourceMap;

use crate::error::Location;
use crate::value::Str;

const MARK: &str = "//# sourceMappingURL=data:application/json";

/// The map inside a bundled file.
pub(crate) struct BundleMap(SourceMap<'static>);

impl BundleMap {
    /// `None` without a map; one that cannot be read counts as none, because it only makes messages nicer.
    pub fn find(text: &str) -> Option<BundleMap> {
        let url = text.trim_end().lines().next_back()?.trim_start().strip_prefix(MARK)?;
        let json = STANDARD.decode(url.split_once("base64,")?.1.trim_end()).ok()?;
        let map = SourceMap::from_json_string(std::str::from_utf8(&json).ok()?).ok()?;
        Some(BundleMap(map.into_owned()))
    }

    /// The file that a bundler took the code at a place from, and the place in it.
    pub fn original(&self, at: Location) -> Option<(Str, Location)> {
        let table = self.0.generate_lookup_table();
        let token = self.0.lookup_token(&table, at.line.checked_sub(1)?, at.column.checked_sub(1)?)?;
        let file = self.0.get_source(token.get_source_id()?)?;
        let location = Location { line: token.get_src_line() + 1, column: token.get_src_col() + 1 };
        Some((file.into(), location))
    }
}
