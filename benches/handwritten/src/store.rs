//! The tables: what the resolvers ask of DynamoDB, in the embedded engine's own terms.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use async_graphql::{ID, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dynoxide::actions::batch_get_item::{BatchGetItemRequest, KeysAndAttributes};
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::types::{
    AttributeDefinition, AttributeValue, GlobalSecondaryIndex, Item, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use dynoxide::{Database, ImportOptions};

use crate::schema::{AwsDateTime, Order, OrderStatus, Product, User};

const USERS: &str = "users";
const PRODUCTS: &str = "products";
const ORDERS: &str = "orders";
const BY_USER: &str = "byUser";

pub struct Store {
    database: Database,
}

#[derive(SimpleObject)]
pub struct UserPage {
    items: Vec<User>,
    next_token: Option<String>,
}

#[derive(SimpleObject)]
pub struct OrderPage {
    items: Vec<Order>,
    next_token: Option<String>,
}

/// What went wrong, for the client. Cloned for everybody who waits for one batch.
#[derive(Clone, Debug)]
pub struct StoreError(String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

impl From<dynoxide::DynoxideError> for StoreError {
    fn from(error: dynoxide::DynoxideError) -> StoreError {
        StoreError(error.to_string())
    }
}

impl Store {
    /// Tables in memory, filled from `users.json`, `products.json` and `orders.json` in `folder`.
    pub fn seeded(folder: &Path) -> Result<Store, Box<dyn std::error::Error>> {
        let database = Database::memory()?;
        for (table, indexes) in [(USERS, None), (PRODUCTS, None), (ORDERS, Some(vec![by_user()]))] {
            let mut attributes = vec!["id"];
            if indexes.is_some() {
                attributes.extend(["userId", "createdAt"]);
            }
            database.create_table(CreateTableRequest {
                table_name: table.into(),
                key_schema: vec![key("id", KeyType::HASH)],
                attribute_definitions: attributes.into_iter().map(string_attribute).collect(),
                global_secondary_indexes: indexes,
                billing_mode: Some("PAY_PER_REQUEST".into()),
                ..CreateTableRequest::default()
            })?;
            let text = std::fs::read_to_string(folder.join(format!("{table}.json")))?;
            let rows: Vec<HashMap<String, serde_json::Value>> = serde_json::from_str(&text)?;
            database.import_items(table, rows.into_iter().map(to_item).collect(), ImportOptions::default())?;
        }
        Ok(Store { database })
    }

    pub fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        let request = GetItemRequest { table_name: USERS.into(), key: id_key(id), ..GetItemRequest::default() };
        self.database.get_item(request)?.item.map(to_user).transpose()
    }

    pub fn users(&self, limit: usize, token: Option<&str>) -> Result<UserPage, StoreError> {
        let (items, next_token) = self.scan(USERS, limit, token)?;
        Ok(UserPage { items: items.into_iter().map(to_user).collect::<Result<_, _>>()?, next_token })
    }

    pub fn orders(&self, limit: usize, token: Option<&str>) -> Result<OrderPage, StoreError> {
        let (items, next_token) = self.scan(ORDERS, limit, token)?;
        Ok(OrderPage { items: items.into_iter().map(to_order).collect::<Result<_, _>>()?, next_token })
    }

    /// Newest first.
    pub fn orders_of_user(&self, user_id: &str, limit: usize, token: Option<&str>) -> Result<OrderPage, StoreError> {
        let answer = self.database.query(QueryRequest {
            table_name: ORDERS.into(),
            index_name: Some(BY_USER.into()),
            key_condition_expression: Some("userId = :user".into()),
            expression_attribute_values: Some(HashMap::from([(":user".into(), string(user_id))])),
            scan_index_forward: false,
            limit: Some(limit),
            exclusive_start_key: token.map(read_token).transpose()?,
            ..QueryRequest::default()
        })?;
        let items = answer.items.unwrap_or_default();
        Ok(OrderPage {
            items: items.into_iter().map(to_order).collect::<Result<_, _>>()?,
            next_token: answer.last_evaluated_key.as_ref().map(write_token),
        })
    }

    /// The products that exist among `ids`, of which there are at most a hundred, all different.
    pub fn products(&self, ids: &[ID]) -> Result<Vec<Product>, StoreError> {
        let keys =
            KeysAndAttributes { keys: ids.iter().map(|id| id_key(id)).collect(), ..KeysAndAttributes::default() };
        let request = BatchGetItemRequest {
            request_items: HashMap::from([(PRODUCTS.into(), keys)]),
            ..BatchGetItemRequest::default()
        };
        let items = self.database.batch_get_item(request)?.responses.remove(PRODUCTS).unwrap_or_default();
        items.into_iter().map(to_product).collect()
    }

    /// Fails when there is an order of this id.
    pub fn put_order(&self, order: &Order) -> Result<(), StoreError> {
        let status = match order.status {
            OrderStatus::Pending => "PENDING",
            OrderStatus::Paid => "PAID",
            OrderStatus::Shipped => "SHIPPED",
        };
        let mut item = HashMap::from([
            ("id".into(), string(&order.id)),
            ("userId".into(), string(&order.user_id)),
            ("productId".into(), string(&order.product_id)),
            ("quantity".into(), AttributeValue::N(order.quantity.to_string())),
            ("status".into(), string(status)),
        ]);
        if let Some(AwsDateTime(created_at)) = &order.created_at {
            item.insert("createdAt".into(), string(created_at));
        }
        self.database.put_item(PutItemRequest {
            table_name: ORDERS.into(),
            item,
            condition_expression: Some("attribute_not_exists(id)".into()),
            ..PutItemRequest::default()
        })?;
        Ok(())
    }

    fn scan(&self, table: &str, limit: usize, token: Option<&str>) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let answer = self.database.scan(ScanRequest {
            table_name: table.into(),
            limit: Some(limit),
            exclusive_start_key: token.map(read_token).transpose()?,
            ..ScanRequest::default()
        })?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.as_ref().map(write_token)))
    }
}

fn to_user(mut item: Item) -> Result<User, StoreError> {
    Ok(User {
        id: required_text(&mut item, "id")?.into(),
        name: required_text(&mut item, "name")?,
        email: text(&mut item, "email"),
        created_at: text(&mut item, "createdAt").map(AwsDateTime),
    })
}

fn to_product(mut item: Item) -> Result<Product, StoreError> {
    Ok(Product {
        id: required_text(&mut item, "id")?.into(),
        name: required_text(&mut item, "name")?,
        price: number(&mut item, "price").ok_or_else(|| missing("price"))?,
        stock: number(&mut item, "stock"),
    })
}

fn to_order(mut item: Item) -> Result<Order, StoreError> {
    Ok(Order {
        id: required_text(&mut item, "id")?.into(),
        user_id: required_text(&mut item, "userId")?.into(),
        product_id: required_text(&mut item, "productId")?.into(),
        quantity: number(&mut item, "quantity").ok_or_else(|| missing("quantity"))?,
        status: match required_text(&mut item, "status")?.as_str() {
            "PENDING" => OrderStatus::Pending,
            "PAID" => OrderStatus::Paid,
            "SHIPPED" => OrderStatus::Shipped,
            other => return Err(StoreError(format!("unknown status `{other}`"))),
        },
        created_at: text(&mut item, "createdAt").map(AwsDateTime),
    })
}

fn required_text(item: &mut Item, name: &str) -> Result<String, StoreError> {
    text(item, name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> StoreError {
    StoreError(format!("the item has no `{name}`"))
}

fn text(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn number<T: std::str::FromStr>(item: &mut Item, name: &str) -> Option<T> {
    match item.remove(name) {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        _ => None,
    }
}

fn write_token(key: &Item) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_token(token: &str) -> Result<Item, StoreError> {
    let refuse = || StoreError("the token is not one of this API".into());
    let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| refuse())?;
    serde_json::from_slice(&json).map_err(|_| refuse())
}

fn id_key(id: &str) -> Item {
    HashMap::from([("id".into(), string(id))])
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A seed's row; seeds hold strings and numbers.
fn to_item(row: HashMap<String, serde_json::Value>) -> Item {
    let attribute = |value| match value {
        serde_json::Value::String(text) => AttributeValue::S(text),
        other => AttributeValue::N(other.to_string()),
    };
    row.into_iter().map(|(name, value)| (name, attribute(value))).collect()
}

fn by_user() -> GlobalSecondaryIndex {
    GlobalSecondaryIndex {
        index_name: BY_USER.into(),
        key_schema: vec![key("userId", KeyType::HASH), key("createdAt", KeyType::RANGE)],
        projection: Projection { projection_type: Some(ProjectionType::ALL), non_key_attributes: None },
        provisioned_throughput: None,
    }
}

fn key(name: &str, key_type: KeyType) -> KeySchemaElement {
    KeySchemaElement { attribute_name: name.into(), key_type }
}

fn string_attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition { attribute_name: name.into(), attribute_type: ScalarAttributeType::S }
}
