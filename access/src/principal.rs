//! Who sends a request, and under which names assignments may speak of them.

use std::sync::Arc;

use crate::policy::Grantee;

/// Who sends a request, as far as its token tells. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal(Arc<Attributes>);

#[derive(Debug, PartialEq, Eq)]
struct Attributes {
    name: String,
    issuer: Option<String>,
    service_account: Option<ServiceAccount>,
    user: Option<String>,
    client: Option<String>,
    acts_for_itself: bool,
    groups: Vec<String>,
    /// Worked out once, because every decision asks for them.
    grantees: Vec<Grantee>,
}

/// A Kubernetes service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Namespace of the service account.
    pub namespace: String,
    /// Name of the service account, unique in its namespace.
    pub name: String,
}

/// What a token of an OpenID Connect issuer says about its bearer.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The subject, unique and never given to somebody else within the issuer.
    pub subject: String,
    /// The name by which role assignments know the user, when the issuer vouches for one.
    pub user: Option<String>,
    /// The application that got the token.
    pub client: Option<String>,
    /// Whether the application got it for itself and not for a user.
    pub acts_for_itself: bool,
    /// The groups of the user.
    pub groups: Vec<String>,
}

impl Principal {
    /// Everybody, where authentication is off.
    pub fn anonymous() -> Principal {
        Principal(Arc::new(Attributes {
            name: "anonymous".to_owned(),
            issuer: None,
            service_account: None,
            user: None,
            client: None,
            acts_for_itself: false,
            groups: Vec::new(),
            grantees: Vec::new(),
        }))
    }

    /// A Kubernetes service account.
    pub fn of_service_account(service_account: ServiceAccount) -> Principal {
        let ServiceAccount { namespace, name } = &service_account;
        Principal(Arc::new(Attributes {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            issuer: None,
            grantees: vec![Grantee::ServiceAccount {
                namespace: namespace.clone(),
                name: name.clone(),
            }],
            service_account: Some(service_account),
            user: None,
            client: None,
            acts_for_itself: false,
            groups: Vec::new(),
        }))
    }

    /// The bearer of a token of `issuer`.
    pub fn of_issuer(issuer: &str, bearer: Bearer) -> Principal {
        Principal(Arc::new(Attributes {
            name: format!("{issuer}#{}", bearer.subject),
            issuer: Some(issuer.to_owned()),
            grantees: grantees(issuer, &bearer),
            service_account: None,
            user: bearer.user,
            client: bearer.client,
            acts_for_itself: bearer.acts_for_itself,
            groups: bearer.groups,
        }))
    }

    /// The stable name for the audit trail: `system:serviceaccount:team-a:reporting`, `https://issuer#subject`, or
    /// `anonymous`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The issuer that vouches for user, client and groups.
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// The Kubernetes service account, if it is one.
    pub fn service_account(&self) -> Option<&ServiceAccount> {
        self.0.service_account.as_ref()
    }

    /// The user's name within the issuer.
    pub fn user(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    /// The id of the application within the issuer.
    pub fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// Whether the application got its token for itself and not for a user.
    pub fn acts_for_itself(&self) -> bool {
        self.0.acts_for_itself
    }

    /// The groups within the issuer.
    pub fn groups(&self) -> &[String] {
        &self.0.groups
    }

    /// The names under which assignments may speak of the principal.
    pub fn grantees(&self) -> &[Grantee] {
        &self.0.grantees
    }
}

fn grantees(issuer: &str, bearer: &Bearer) -> Vec<Grantee> {
    let issuer = || issuer.to_owned();
    let user = bearer.user.clone().map(|name| Grantee::User {
        issuer: issuer(),
        name,
    });
    // What an application may do for itself, its users may not do by it, unless the assignment includes them.
    let on_whose_behalf = match bearer.acts_for_itself {
        true => &[false, true][..],
        false => &[true],
    };
    let client = bearer.client.iter().flat_map(|id| {
        on_whose_behalf.iter().map(|include_users| Grantee::Client {
            issuer: issuer(),
            id: id.clone(),
            include_users: *include_users,
        })
    });
    let groups = bearer.groups.iter().cloned().map(|name| Grantee::Group {
        issuer: issuer(),
        name,
    });
    user.into_iter().chain(client).chain(groups).collect()
}
