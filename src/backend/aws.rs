//! DynamoDB in AWS.
