//! Reload on save: watches a project's files and puts the new version in place when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::api::Api;
use crate::cli::dev::Arguments;
use crate::cli::setup::{self, LoadError, Storage, load, print_problems};
use crate::cli::{Common, Failure};
use crate::project::Project;
use crate::transport::http::Server;

/// Saves come in bursts; this long after the last one the project is read again.
const QUIET: Duration = Duration::from_millis(80);

/// Where a project's files lie, besides its top folder. Build output beside them can be huge and is not watched.
const FOLDERS: [&str; 3] = ["resolvers", "schema", "seed"];

/// Changes of a project's files since it was started.
pub struct Watch {
    root: PathBuf,
    watcher: RecommendedWatcher,
    changes: UnboundedReceiver<()>,
}

impl Watch {
    /// Begins to note changes; `None` when the folder cannot be watched.
    pub fn start(project: &Path) -> Option<Watch> {
        let (sender, changes) = unbounded_channel();
        let root = project.canonicalize().ok()?;
        let top = root.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !event.kind.is_access() && event.paths.iter().any(|path| concerns_project(&top, path)) {
                let _ = sender.send(()); // nobody listens any more when the server stops
            }
        });
        let mut watch = Watch { root, watcher: watcher.ok()?, changes };
        watch.watcher.watch(&watch.root, RecursiveMode::NonRecursive).ok()?;
        watch.watch_folders();
        Some(watch)
    }

    /// Also those that have appeared since.
    fn watch_folders(&mut self) {
        for folder in FOLDERS {
            let _ = self.watcher.watch(&self.root.join(folder), RecursiveMode::Recursive); // it need not exist
        }
    }

    /// Reloads the API whenever something has changed, until the process ends.
    pub async fn follow(mut self, common: Common, arguments: Arguments, server: Arc<Server>, mut storage: Storage) {
        while self.changes.recv().await.is_some() {
            tokio::time::sleep(QUIET).await;
            while self.changes.try_recv().is_ok() {}
            self.watch_folders();
            reload(&common, &arguments, &server, &mut storage).await;
        }
    }
}

/// Files that a project consists of, and the folders that may hold them.
fn concerns_project(root: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(root) else { return false };
    let is_below = |folder: &str| inside.starts_with(folder);
    match inside.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => {
            let is_file =
                matches!(extension, "graphql" | "graphqls" | "js" | "mjs" | "ts" | "vtl" | "yaml" | "yml" | "json");
            // A pipeline's folder has a point in its name, too.
            !is_below(".syncline") && (is_file || FOLDERS.into_iter().any(is_below))
        }
        None => FOLDERS.into_iter().any(is_below),
    }
}

/// Puts the new project in place, or says what is wrong with it and keeps serving the old one.
async fn reload(common: &Common, arguments: &Arguments, server: &Arc<Server>, storage: &mut Storage) {
    let started = Instant::now();
    match load(common) {
        Ok(loaded) => {
            if let Err(failure) = prepare_again(storage, &loaded.project).await {
                if let Failure::Environment(message) = failure {
                    eprintln!("error: {message}\nstill serving the last version that worked");
                }
                return;
            }
            let acts_as = arguments.acts_as.as_deref();
            let is_refused = setup::refuse_unknown_identity(&loaded.project, acts_as)
                .and_then(|()| setup::refuse_keys_without_value(&loaded.project, common.aws));
            if let Err(failure) = is_refused {
                if let Failure::Usage(message) = failure {
                    eprintln!("error: {message}");
                }
                eprintln!("still serving the last version that worked");
                return;
            }
            storage.connect_functions(common, &loaded.project);
            let options = setup::local_options(&loaded.project, acts_as);
            let api = Api::from_checked(&loaded.project, loaded.checked, storage.backends.clone(), options);
            let resolvers = api.resolver_count();
            server.replace_api(Arc::new(api));
            eprintln!("reloaded {resolvers} resolvers in {} ms", started.elapsed().as_millis());
        }
        Err(LoadError::Findings(problems)) => {
            print_problems(&problems);
            eprintln!("still serving the last version that worked");
        }
        Err(LoadError::Unreadable(problem)) => eprintln!("error: {}", problem.message),
    }
}

async fn prepare_again(storage: &Storage, project: &Project) -> Result<(), Failure> {
    setup::prepare_tables(storage.backends.dynamodb.as_ref(), project, storage.seeded.as_deref()).await
}
