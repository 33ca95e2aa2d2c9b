//! The API of `benches/project` as one would write it by hand: types with async-graphql's derive macros, a DataLoader for
//! products, the same embedded DynamoDB engine asked through its own Rust API. Nothing here knows Syncline.
//!
//! `PORT` says where to listen on the loopback interface, `SEED` which folder holds the seeds.

mod schema;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;

use crate::schema::Api;
use crate::store::Store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let seeds = PathBuf::from(std::env::var("SEED")?);
    let api = schema::build(Arc::new(Store::seeded(&seeds)?));
    let router = Router::new().route("/graphql", post(graphql)).with_state(api);
    axum::serve(TcpListener::bind(("127.0.0.1", port)).await?, router).await?;
    Ok(())
}

async fn graphql(State(api): State<Api>, body: Bytes) -> Response {
    let request: async_graphql::Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    match serde_json::to_vec(&api.execute(request).await) {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
