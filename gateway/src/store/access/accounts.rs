//! Accounts.

use async_trait::async_trait;
use protocol::model::{Account, Role, UnixMicros, User, UserId};

use super::{sessions::end_sessions, user_record::UserRecord};
use crate::store::{
    cells::TokenHash,
    error::{Result, StoreError, damaged},
    note::AuditRow,
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// An account that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What others read.
    pub name: String,
    /// Lower-case e-mail.
    pub email: Option<String>,
    /// argon2id in PHC form.
    pub password_hash: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Now.
    pub created_at: UnixMicros,
}

/// Accounts.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The instance's owner with their password's hash; `None` until the instance is set up.
    async fn get_owner(&self) -> Result<Option<(User, Option<String>)>>;

    /// Makes an account. The first [`Role::Owner`] is the only one. A note that names no account is
    /// attributed to the new one.
    ///
    /// # Errors
    /// `EmailExists`, `OwnerExists`.
    async fn create_user(&self, user: NewUser, note: AuditRow) -> Result<User>;

    /// An account with its password's hash.
    async fn get_user(&self, user: UserId) -> Result<Option<(User, Option<String>)>>;

    /// The account of a lower-case e-mail, with its password's hash.
    async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>>;

    /// Every account, the oldest first.
    async fn list_accounts(&self) -> Result<Vec<Account>>;

    /// Gives an account an e-mail, which becomes its name, and a password's hash. A note that names no account is attributed
    /// to this one.
    ///
    /// # Errors
    /// `EmailExists`.
    async fn set_credentials(
        &self,
        user: UserId,
        email: &str,
        password_hash: &str,
        note: AuditRow,
    ) -> Result<User>;

    /// Sets the hash of a password, and ends every session but that of the token `except`, reset links, and with
    /// `and_tokens` also API tokens and the invitations that the account made. Returns whether there is such an account.
    async fn set_password(
        &self,
        user: UserId,
        password_hash: &str,
        except: Option<&TokenHash>,
        and_tokens: bool,
        note: AuditRow,
    ) -> Result<bool>;

    /// Deletes an account with its sessions, tokens and memberships; never the owner's.
    async fn delete_user(&self, user: UserId, note: AuditRow) -> Result<bool>;
}

row! {
    struct CredentialsRecord {
        id: i64,
        name: String,
        email: Option<String>,
        role: String,
        password_hash: Option<String>,
    } -> (User, Option<String>) {
        Ok((UserRecord { id, name, email, role }.read()?, password_hash))
    }
}

row! {
    struct AccountRecord {
        id: i64,
        name: String,
        email: Option<String>,
        role: String,
        created_at: i64,
        projects: i64,
        second_factors: i64,
    } -> Account {
        let User { id, name, email, role } = UserRecord { id, name, email, role }.read()?;
        Ok(Account {
            id,
            name,
            email,
            role,
            created_at: UnixMicros(created_at),
            projects: projects.try_into().map_err(|_| damaged("an account has too many projects"))?,
            has_second_factor: second_factors > 0,
        })
    }
}

/// The statement that reads an account with its password's hash.
macro_rules! credentials_where {
    ($condition:literal) => {
        concat!("SELECT id, name, email, role, password_hash FROM users WHERE ", $condition)
    };
}

#[async_trait]
impl Accounts for SqlStore {
    async fn get_owner(&self) -> Result<Option<(User, Option<String>)>> {
        self.read(credentials_where!("role = 'owner'")).read::<CredentialsRecord>().await
    }

    async fn create_user(&self, user: NewUser, note: AuditRow) -> Result<User> {
        let mut tx = self.begin_write().await?;
        let made = insert_user(&mut tx, &user).await?;
        tx.finish(note.by(&made)).await?;
        Ok(made)
    }

    async fn get_user(&self, user: UserId) -> Result<Option<(User, Option<String>)>> {
        self.read(credentials_where!("id = $1")).bind(user.0).read::<CredentialsRecord>().await
    }

    async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>> {
        self.read(credentials_where!("email = $1")).bind(email).read::<CredentialsRecord>().await
    }

    async fn list_accounts(&self) -> Result<Vec<Account>> {
        self.read(
            "SELECT u.id, u.name, u.email, u.role, u.created_at,
                 (SELECT count(*) FROM members m WHERE m.user_id = u.id) AS projects,
                 (SELECT count(*) FROM second_factors f
                  WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS second_factors
             FROM users u ORDER BY u.id",
        )
        .read_all::<AccountRecord>()
        .await
    }

    async fn set_credentials(
        &self,
        user: UserId,
        email: &str,
        password_hash: &str,
        note: AuditRow,
    ) -> Result<User> {
        let mut tx = self.begin_write().await?;
        let changed = tx
            .query(
                "UPDATE users SET name = $2, email = $2, password_hash = $3 WHERE id = $1
                 RETURNING id, name, email, role",
            )
            .bind(user.0)
            .bind(email)
            .bind(password_hash)
            .read_one::<UserRecord>()
            .await;
        let user = changed.map_err(|error| match error {
            // the e-mail is the only unique column that it changes
            StoreError::Database(sqlx::Error::Database(fault)) if fault.is_unique_violation() => {
                StoreError::EmailExists
            }
            other => other,
        })?;
        tx.finish(note.by(&user)).await?;
        Ok(user)
    }

    async fn set_password(
        &self,
        user: UserId,
        password_hash: &str,
        except: Option<&TokenHash>,
        and_tokens: bool,
        note: AuditRow,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let set = tx.query("UPDATE users SET password_hash = $2 WHERE id = $1");
        if set.bind(user.0).bind(password_hash).run().await? == 0 {
            return Ok(false);
        }
        end_sessions(&mut tx, user, except).await?;
        tx.query("DELETE FROM links WHERE user_id = $1").bind(user.0).run().await?;
        if and_tokens {
            tx.query("DELETE FROM api_tokens WHERE user_id = $1").bind(user.0).run().await?;
            tx.query("DELETE FROM links WHERE created_by_id = $1").bind(user.0).run().await?;
        }
        tx.finish(note).await?;
        Ok(true)
    }

    async fn delete_user(&self, user: UserId, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let delete = tx.query("DELETE FROM users WHERE id = $1 AND role <> 'owner'");
        let deleted = delete.bind(user.0).run().await?;
        tx.finish_if(deleted, note).await
    }
}

/// Makes an account within a transaction.
pub(super) async fn insert_user(tx: &mut Tx<'_>, user: &NewUser) -> Result<User> {
    let made = tx
        .query(
            "INSERT INTO users (name, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING RETURNING id, name, email, role",
        )
        .bind(&user.name)
        .bind(&user.email)
        .bind(&user.password_hash)
        .bind(match user.role {
            Role::Owner => "owner",
            Role::Member => "member",
        })
        .bind(user.created_at.0)
        .read::<UserRecord>()
        .await?;
    if let Some(user) = made {
        return Ok(user);
    }
    // one of the two unique constraints was violated
    let by_email = tx.query("SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)").bind(&user.email);
    let (email_exists,) = by_email.one().await?;
    Err(if email_exists { StoreError::EmailExists } else { StoreError::OwnerExists })
}
