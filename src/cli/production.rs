//! What a Lambda function and a container have in common: the API on real data, without anything that is for laptops.

use std::sync::Arc;

use crate::api::Api;
use crate::cli::setup::{self, LoadError, Loaded, Storage};
use crate::cli::{Common, Failure, dev};
use crate::project::Project;
use crate::transport::http::Server;

/// The API of a project, ready to serve.
pub struct Production {
    pub api: Arc<Api>,
    pub server: Arc<Server>,
    storage: Storage,
    project: Project,
}

/// Why it does not come to that.
pub enum StartError {
    Project(LoadError),
    Surroundings(Failure),
}

impl StartError {
    /// Prints what there is to print.
    pub fn report(self) -> Failure {
        match self {
            StartError::Project(error) => setup::report(error),
            StartError::Surroundings(failure) => failure,
        }
    }
}

impl Production {
    /// Loads the project and opens the DynamoDB of AWS, or of the endpoint that the options name; its tables are somebody
    /// else's to make.
    ///
    /// # Errors
    /// Findings in the project, or what is wrong around it.
    pub async fn start(common: &Common) -> Result<Production, StartError> {
        let loaded = setup::load_deployed(common).map_err(StartError::Project)?;
        let storage = setup::remote(common).await.map_err(StartError::Surroundings)?;
        Production::assemble(common, loaded, storage)
    }

    /// As [`Production::start`], and does ahead what the first requests would wait for: DynamoDB is connected to while the
    /// project is loaded.
    ///
    /// # Errors
    /// As [`Production::start`].
    pub async fn start_warm(common: &Common) -> Result<Production, StartError> {
        let for_loading = common.clone();
        let loading = tokio::task::spawn_blocking(move || setup::load_deployed(&for_loading));
        let loading = async {
            let loaded = loading.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
            loaded.map_err(StartError::Project)
        };
        let connecting = async {
            let storage = setup::remote(common).await;
            if let Ok(storage) = &storage {
                storage.warm_up().await;
            }
            Ok(storage)
        };
        // A project with mistakes says so at once, and before what is wrong around it.
        let (loaded, storage) = tokio::try_join!(loading, connecting)?;
        let production = Production::assemble(common, loaded, storage.map_err(StartError::Surroundings)?)?;
        tokio::join!(production.storage.warm_up_roles(&production.project), production.api.warm_up());
        Ok(production)
    }

    fn assemble(common: &Common, loaded: Loaded, mut storage: Storage) -> Result<Production, StartError> {
        let Loaded { project, checked, .. } = loaded;
        setup::keys_without_value(&project).map_err(|problems| StartError::Project(LoadError::Findings(problems)))?;
        warn(&project);
        storage.note_roles(common, &project);
        storage.connect_functions(common, &project);
        let options = setup::options(&project);
        let api = Arc::new(Api::from_checked(&project, checked, storage.backends.clone(), options));
        let server = Server::new(api.clone(), None, Arc::new(dev::trace_request));
        Ok(Production { api, server, storage, project })
    }

    /// Does ahead what the first requests would wait for.
    pub async fn warm_up(&self) {
        tokio::join!(self.storage.warm_up(), self.storage.warm_up_roles(&self.project), self.api.warm_up());
    }
}

/// What somebody should know who did not mean it.
fn warn(project: &Project) {
    if setup::token_secret().is_none() {
        tracing::warn!(
            "SYNCLINE_SECRET is not set: page tokens are sealed with the project's name, which is no secret; a client that guesses it can read the keys inside them"
        );
    }
    if project.config.authentication.is_open() {
        tracing::warn!("syncline.yaml has no `authentication`: whoever reaches this process is let in");
    }
}

/// `SYNCLINE_DYNAMODB_ENDPOINT`: where tables are that are not AWS's.
pub fn dynamodb_endpoint() -> Option<String> {
    std::env::var("SYNCLINE_DYNAMODB_ENDPOINT").ok().filter(|url| !url.is_empty())
}
