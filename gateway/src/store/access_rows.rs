//! Rows about people → the nouns of the program. The same for both databases.

use protocol::model::{
    Account, ApiToken, AuditCursor, AuditEntry, GameKey, Handle, Invitation, Key, KeyId, Member, ProjectId,
    ProjectRole, SessionInfo, TokenId, UnixMicros, User, UserId,
};

use super::{
    Result, TokenHash,
    access::{AuditRow, KeyState},
    rows::{damaged, role},
};

/// id, name, email, role, created_at, projects, second factors
pub(super) type AccountCells = (i64, String, Option<String>, String, i64, i64, i64);
/// token_hash, created_at, last_used_at, expires_at, address, agent
pub(super) type SessionCells = (Vec<u8>, i64, i64, i64, String, String);
/// user_id, name, email, role, added_at
pub(super) type MemberCells = (i64, String, Option<String>, String, i64);
/// token_hash, project_id, project's name, role, note, created_by, created_at, expires_at
pub(super) type InvitationCells = (Vec<u8>, i64, String, String, String, String, i64, i64);
/// id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at, report_only
pub(super) type KeyCells =
    (i64, String, String, i64, Option<String>, Option<i64>, Option<i64>, Option<i64>, i64);
/// id, project_id, expires_at, revoked_at, report_only
pub(super) type KeyStateCells = (i64, i64, Option<i64>, Option<i64>, i64);
/// id, name, shown, scope, project_id, created_at, expires_at, last_used_at
pub(super) type TokenCells = (i64, String, String, String, Option<i64>, i64, i64, Option<i64>);
/// at, source, number, name, actor, via, address, project_id, action, subject, old, new
pub(super) type AuditCells = (
    i64,
    i32,
    i64,
    String,
    String,
    String,
    String,
    Option<i64>,
    String,
    String,
    Option<String>,
    Option<String>,
);

/// The note of somebody who had no account, or was not known by it, until now.
pub(super) fn by(user: &User, note: AuditRow) -> AuditRow {
    match note.actor_id {
        Some(_) => note,
        None => AuditRow { actor_id: Some(user.id), actor: user.name.clone(), ..note },
    }
}

pub(super) fn project_role(word: &str) -> Result<ProjectRole> {
    word.parse().map_err(|_| damaged("a member has an unknown role"))
}

pub(super) fn membership((project, word): (i64, String)) -> Result<(ProjectId, ProjectRole)> {
    Ok((ProjectId(project), project_role(&word)?))
}

pub(super) fn account(cells: AccountCells) -> Result<Account> {
    let (id, name, email, word, created_at, projects, factors) = cells;
    Ok(Account {
        id: UserId(id),
        name,
        email,
        role: role(&word)?,
        created_at: UnixMicros(created_at),
        projects: projects.try_into().map_err(|_| damaged("an account has too many projects"))?,
        has_second_factor: factors > 0,
    })
}

fn token_hash(bytes: Vec<u8>) -> Result<TokenHash> {
    bytes.try_into().map_err(|_| damaged("a token's digest has not 32 bytes"))
}

/// What a hash is called in lists: enough of it to tell it apart, and nothing that leads to the token.
pub(crate) fn handle(hash: &TokenHash) -> Handle {
    Handle(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn session(cells: SessionCells) -> Result<(TokenHash, SessionInfo)> {
    let (hash, created_at, last_used_at, expires_at, address, agent) = cells;
    let hash = token_hash(hash)?;
    let info = SessionInfo {
        id: handle(&hash),
        created_at: UnixMicros(created_at),
        last_used_at: UnixMicros(last_used_at),
        expires_at: UnixMicros(expires_at),
        address,
        agent,
        is_current: false,
    };
    Ok((hash, info))
}

pub(super) fn member((user, name, email, word, added_at): MemberCells) -> Result<Member> {
    let (user, role, added_at) = (UserId(user), project_role(&word)?, UnixMicros(added_at));
    Ok(Member { user, name, email, role, added_at })
}

pub(super) fn invitation(cells: InvitationCells) -> Result<(TokenHash, Invitation)> {
    let (hash, project, project_name, word, note, invited_by, created_at, expires_at) = cells;
    let hash = token_hash(hash)?;
    let invitation = Invitation {
        id: handle(&hash),
        project: ProjectId(project),
        project_name,
        role: project_role(&word)?,
        note,
        invited_by,
        created_at: UnixMicros(created_at),
        expires_at: UnixMicros(expires_at),
    };
    Ok((hash, invitation))
}

pub(super) fn key(cells: KeyCells) -> Result<GameKey> {
    let (id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at, report_only) = cells;
    Ok(GameKey {
        id: KeyId(id),
        key: Key::parse(key.as_bytes()).map_err(|_| damaged("a project has a malformed key"))?,
        name,
        report_only: report_only != 0,
        created_at: UnixMicros(created_at),
        created_by,
        last_used_at: last_used_at.map(UnixMicros),
        expires_at: expires_at.map(UnixMicros),
        revoked_at: revoked_at.map(UnixMicros),
    })
}

pub(super) fn key_state(cells: KeyStateCells) -> KeyState {
    let (id, project, expires_at, revoked_at, report_only) = cells;
    KeyState {
        id: KeyId(id),
        project: ProjectId(project),
        expires_at: expires_at.map(UnixMicros),
        is_revoked: revoked_at.is_some(),
        report_only: report_only != 0,
    }
}

pub(super) fn token(cells: TokenCells) -> Result<ApiToken> {
    let (id, name, shown, scope, project, created_at, expires_at, last_used_at) = cells;
    Ok(ApiToken {
        id: TokenId(id),
        name,
        shown,
        scope: scope.parse().map_err(|_| damaged("a token has an unknown scope"))?,
        project: project.map(ProjectId),
        created_at: UnixMicros(created_at),
        expires_at: UnixMicros(expires_at),
        last_used_at: last_used_at.map(UnixMicros),
    })
}

pub(super) fn audit(cells: AuditCells) -> (AuditCursor, AuditEntry) {
    let (at, source, number, name, actor, by, address, project, action, subject, old, new) = cells;
    let at = UnixMicros(at);
    let cursor = AuditCursor { at, is_edit: source == 1, number, name };
    let project = project.map(ProjectId);
    (cursor, AuditEntry { at, actor, by, address, project, action, subject, old, new })
}
