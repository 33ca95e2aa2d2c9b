//! The GraphQL types and their resolvers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{
    ComplexObject, Context, EmptySubscription, Enum, ID, InputObject, InputValueError, InputValueResult, Object,
    Result, Scalar, ScalarType, Schema, SimpleObject, Value,
};

use crate::store::{OrderPage, Store, StoreError, UserPage};

pub type Api = Schema<Query, Mutation, EmptySubscription>;

/// Keys that one BatchGetItem takes.
const BATCH_KEYS: usize = 100;

pub fn build(store: Arc<Store>) -> Api {
    // No delay: the batch leaves as soon as the request has nothing else to do. The default millisecond costs more than
    // the read itself.
    let products =
        DataLoader::new(Products(store.clone()), tokio::spawn).delay(Duration::ZERO).max_batch_size(BATCH_KEYS);
    Schema::build(Query, Mutation, EmptySubscription).data(store).data(products).finish()
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum OrderStatus {
    Pending,
    Paid,
    Shipped,
}

#[derive(SimpleObject)]
#[graphql(complex)]
pub struct User {
    pub id: ID,
    pub name: String,
    pub email: Option<String>,
    pub created_at: Option<AwsDateTime>,
}

#[derive(Clone, SimpleObject)]
pub struct Product {
    pub id: ID,
    pub name: String,
    pub price: f64,
    pub stock: Option<i32>,
}

#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Order {
    pub id: ID,
    pub user_id: ID,
    pub product_id: ID,
    pub quantity: i32,
    pub status: OrderStatus,
    pub created_at: Option<AwsDateTime>,
}

#[derive(InputObject)]
pub struct CreateOrderInput {
    pub user_id: ID,
    pub product_id: ID,
    pub quantity: i32,
}

/// An ISO 8601 date and time with offset.
pub struct AwsDateTime(pub String);

#[Scalar(name = "AWSDateTime")]
impl ScalarType for AwsDateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Ok(AwsDateTime(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

pub struct Query;

#[Object]
impl Query {
    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        Ok(store(ctx).user(&id)?)
    }

    async fn users(&self, ctx: &Context<'_>, limit: Option<i32>, next_token: Option<String>) -> Result<UserPage> {
        Ok(store(ctx).users(page_size(limit), next_token.as_deref())?)
    }

    async fn orders(&self, ctx: &Context<'_>, limit: Option<i32>, next_token: Option<String>) -> Result<OrderPage> {
        Ok(store(ctx).orders(page_size(limit), next_token.as_deref())?)
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn create_order(&self, ctx: &Context<'_>, input: CreateOrderInput) -> Result<Order> {
        let order = Order {
            id: uuid::Uuid::new_v4().to_string().into(),
            user_id: input.user_id,
            product_id: input.product_id,
            quantity: input.quantity,
            status: OrderStatus::Pending,
            created_at: Some(AwsDateTime(format!("{:.3}", jiff::Timestamp::now()))),
        };
        store(ctx).put_order(&order)?;
        Ok(order)
    }
}

#[ComplexObject]
impl User {
    async fn orders(&self, ctx: &Context<'_>, limit: Option<i32>, next_token: Option<String>) -> Result<OrderPage> {
        Ok(store(ctx).orders_of_user(&self.id, page_size(limit), next_token.as_deref())?)
    }
}

#[ComplexObject]
impl Order {
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        Ok(ctx.data_unchecked::<DataLoader<Products>>().load_one(self.product_id.clone()).await?)
    }
}

/// Fetches the products that a request asks for together.
struct Products(Arc<Store>);

impl Loader<ID> for Products {
    type Value = Product;
    type Error = StoreError;

    async fn load(&self, ids: &[ID]) -> Result<HashMap<ID, Product>, StoreError> {
        Ok(self.0.products(ids)?.into_iter().map(|product| (product.id.clone(), product)).collect())
    }
}

fn store<'a>(ctx: &Context<'a>) -> &'a Store {
    ctx.data_unchecked::<Arc<Store>>()
}

fn page_size(limit: Option<i32>) -> usize {
    limit.unwrap_or(20).max(1) as usize
}
