//! Accounts.

use protocol::model::{Account, Role, UnixMicros, User, UserId};
use sqlx::{Postgres, Sqlite, Transaction};

use super::{AccessStore, AuditRow, Pools, both};
use crate::store::{Result, StoreError, TokenHash, access_rows, rows};

/// An account that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What others read.
    pub name: String,
    /// Lower-case e-mail.
    pub email: Option<String>,
    /// argon2id in PHC form.
    pub password_hash: Option<String>,
    /// What he may do.
    pub role: Role,
    /// Now.
    pub created_at: UnixMicros,
}

impl AccessStore {
    /// The instance's owner with his password's hash; `None` until the instance is set up.
    pub async fn get_owner(&self) -> Result<Option<(User, Option<String>)>> {
        both!(self, db, {
            let sql = "SELECT id, name, email, role, password_hash FROM users WHERE role = 'owner'";
            let cells = sqlx::query_as(sql).fetch_optional(&db.reader).await?;
            cells.map(rows::account).transpose()
        })
    }

    /// Makes an account. The first [`Role::Owner`] is the only one. A note that names no account is by the new one.
    ///
    /// # Errors
    /// `EmailExists`, `OwnerExists`.
    pub async fn create_user(&self, user: NewUser, note: AuditRow) -> Result<User> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let made = db.insert_user(&mut tx, &user).await?;
            db.finish(tx, access_rows::by(&made, note)).await?;
            Ok(made)
        })
    }

    /// An account with its password's hash.
    pub async fn get_user(&self, user: UserId) -> Result<Option<(User, Option<String>)>> {
        both!(self, db, {
            let sql = "SELECT id, name, email, role, password_hash FROM users WHERE id = $1";
            let cells = sqlx::query_as(sql).bind(user.0).fetch_optional(&db.reader).await?;
            cells.map(rows::account).transpose()
        })
    }

    /// The account of a lower-case e-mail, with its password's hash.
    pub async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>> {
        both!(self, db, {
            let sql = "SELECT id, name, email, role, password_hash FROM users WHERE email = $1";
            let cells = sqlx::query_as(sql).bind(email).fetch_optional(&db.reader).await?;
            cells.map(rows::account).transpose()
        })
    }

    /// Every account, the oldest first.
    pub async fn list_accounts(&self) -> Result<Vec<Account>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT u.id, u.name, u.email, u.role, u.created_at,
                     (SELECT count(*) FROM members m WHERE m.user_id = u.id),
                     (SELECT count(*) FROM second_factors f
                      WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL)
                 FROM users u ORDER BY u.id",
            )
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(access_rows::account).collect()
        })
    }

    /// Gives an account an e-mail, which becomes its name, and a password's hash. A note that names no account is by
    /// this one.
    ///
    /// # Errors
    /// `EmailExists`.
    pub async fn set_credentials(
        &self,
        user: UserId,
        email: &str,
        password_hash: &str,
        note: AuditRow,
    ) -> Result<User> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let cells = sqlx::query_as(
                "UPDATE users SET name = $2, email = $2, password_hash = $3 WHERE id = $1
                 RETURNING id, name, email, role",
            )
            .bind(user.0)
            .bind(email)
            .bind(password_hash)
            .fetch_one(&mut *tx)
            .await
            .map_err(|fault| match fault {
                // the e-mail is the only unique thing that it changes
                sqlx::Error::Database(fault) if fault.is_unique_violation() => StoreError::EmailExists,
                fault => fault.into(),
            })?;
            let user = rows::user(cells)?;
            db.finish(tx, access_rows::by(&user, note)).await?;
            Ok(user)
        })
    }

    /// Sets the hash of a password, and ends every session but that of the token `except`, reset links, and with
    /// `and_tokens` also API tokens and the invitations that the account made. Returns whether there is such an account.
    pub async fn set_password(
        &self,
        user: UserId,
        password_hash: &str,
        except: Option<&TokenHash>,
        and_tokens: bool,
        note: AuditRow,
    ) -> Result<bool> {
        both!(self, db, {
            let kept: &[u8] = except.map_or(&[], |hash| &hash[..]);
            let change = sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
                .bind(user.0)
                .bind(password_hash);
            let end = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
                .bind(user.0)
                .bind(kept);
            let take_back = sqlx::query("DELETE FROM links WHERE user_id = $1").bind(user.0);
            // nobody's are those of user 0
            let of = if and_tokens { user.0 } else { 0 };
            let tokens = sqlx::query("DELETE FROM api_tokens WHERE user_id = $1").bind(of);
            let invitations = sqlx::query("DELETE FROM links WHERE created_by_id = $1").bind(of);
            Ok(db.change(change, [end, take_back, tokens, invitations], note).await? > 0)
        })
    }

    /// Deletes an account with its sessions, tokens and memberships; never the owner's.
    pub async fn delete_user(&self, user: UserId, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let delete = sqlx::query("DELETE FROM users WHERE id = $1 AND role <> 'owner'").bind(user.0);
            Ok(db.change(delete, [], note).await? > 0)
        })
    }
}

macro_rules! implement {
    ($db:ty) => {
        impl Pools<$db> {
            /// Makes an account within a transaction.
            pub(super) async fn insert_user(&self, tx: &mut Transaction<'_, $db>, user: &NewUser) -> Result<User> {
                let made: Option<rows::UserCells> = sqlx::query_as(
                    "INSERT INTO users (name, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT DO NOTHING RETURNING id, name, email, role",
                )
                .bind(&user.name)
                .bind(&user.email)
                .bind(&user.password_hash)
                .bind(rows::role_name(user.role))
                .bind(user.created_at.0)
                .fetch_optional(&mut **tx)
                .await?;
                if let Some(cells) = made {
                    return rows::user(cells);
                }
                // one of the two unique constraints
                let email_exists = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)")
                    .bind(&user.email)
                    .fetch_one(&mut **tx)
                    .await?;
                Err(if email_exists { StoreError::EmailExists } else { StoreError::OwnerExists })
            }
        }
    };
}

implement!(Sqlite);
implement!(Postgres);
