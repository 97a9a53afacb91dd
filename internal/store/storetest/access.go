package storetest

import (
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

func (w *world) newKey(role domain.Role) domain.APIKey {
	w.Helper()
	key := domain.APIKey{
		ID: domain.NewID(domain.PrefixKey), ProjectID: w.project, Role: role, Name: "ci", Prefix: "bh_abcdefgh",
		Hash: []byte{0, 1, 2, 255}, CreatedAt: start,
	}
	w.ok(w.store.CreateKey(w.ctx, key, "", nil))
	return key
}

var accessTests = []test{
	{"projects", func(w *world) {
		w.refused("a name twice", w.store.CreateProject(w.ctx, domain.Project{ID: domain.NewID(domain.PrefixProject), Name: "default"}, "", nil), domain.CodeConflict)
		other := w.newProject("other")
		got, err := w.store.ProjectByName(w.ctx, "other")
		w.ok(err)
		w.equal("project", got, domain.Project{ID: other, Name: "other", CreatedAt: start})
		_, err = w.store.ProjectByName(w.ctx, "none")
		w.missing("project", err)
		all, err := w.store.Projects(w.ctx)
		w.ok(err)
		w.equal("projects", ids(all, func(p domain.Project) string { return p.Name }), []string{"default", "other"})
	}},
	{"keys", func(w *world) {
		key := w.newKey(domain.RoleViewer)
		other := key
		other.ID, other.ProjectID, other.Hash = domain.NewID(domain.PrefixKey), w.newProject("other"), []byte{9}
		w.ok(w.store.CreateKey(w.ctx, other, "", nil))
		found, err := w.store.KeysByPrefix(w.ctx, key.Prefix)
		w.ok(err)
		w.equal("keys of the prefix, any project's", len(found), 2)
		none, err := w.store.KeysByPrefix(w.ctx, "bh_")
		w.ok(err)
		w.empty("keys of another prefix", none)
		got, err := w.store.Key(w.ctx, key.ID)
		w.ok(err)
		w.equal("key", got, key)
		page, next, err := w.store.Keys(w.ctx, domain.PageFilter{Limit: 1})
		w.ok(err)
		w.equal("page of keys, newest first", page, []domain.APIKey{other})
		page, next, err = w.store.Keys(w.ctx, domain.PageFilter{Limit: 1, Cursor: next})
		w.ok(err)
		w.equal("next page of keys", page, []domain.APIKey{key})
		w.equal("cursor of the last", next, "")
		revoked, err := w.store.RevokedKeys(w.ctx, []string{key.ID, other.ID, "key_none"})
		w.ok(err)
		w.empty("revoked keys", revoked)
		w.ok(w.store.RevokeKey(w.ctx, key.ID, start.Add(time.Hour), false))
		w.ok(w.store.RevokeKey(w.ctx, key.ID, start.Add(2*time.Hour), false))
		got, err = w.store.Key(w.ctx, key.ID)
		w.ok(err)
		key.RevokedAt = start.Add(time.Hour)
		w.equal("revoked", got, key)
		revoked, err = w.store.RevokedKeys(w.ctx, []string{key.ID, other.ID, "key_none"})
		w.ok(err)
		w.equal("revoked keys", revoked, []string{key.ID})
		w.told("the revocation", func(c domain.Commit) bool { return slices.Contains(c.Keys, key.ID) })
		w.missing("revoke", w.store.RevokeKey(w.ctx, "key_none", start, false))
		_, err = w.store.Key(w.ctx, "key_none")
		w.missing("key", err)
		key.ProjectID, key.ID = "proj_none", domain.NewID(domain.PrefixKey)
		w.missing("project of a key", w.store.CreateKey(w.ctx, key, "", nil))
	}},
	{"the last key of an operator's stays, unless that is meant", func(w *world) {
		first, second := w.newKey(domain.RoleOperator), w.newKey(domain.RoleOperator)
		w.newKey(domain.RoleProject)
		w.ok(w.store.RevokeKey(w.ctx, first.ID, start, false))
		w.refused("the last", w.store.RevokeKey(w.ctx, second.ID, start, false), domain.CodeConflict)
		got, err := w.store.Key(w.ctx, second.ID)
		w.ok(err)
		w.equal("it stays", got, second)
		w.ok(w.store.RevokeKey(w.ctx, first.ID, start, false))
		w.ok(w.store.RevokeKey(w.ctx, second.ID, start, true))
	}},
	{"of two operators' keys revoked at once one stays", func(w *world) {
		keys := []domain.APIKey{w.newKey(domain.RoleOperator), w.newKey(domain.RoleOperator)}
		errs := make([]error, len(keys))
		var wg sync.WaitGroup
		for i, k := range keys {
			wg.Go(func() { errs[i] = w.store.RevokeKey(w.ctx, k.ID, start, false) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			w.Errorf("revoked: %v", errs)
		}
	}},
	{"a revoked key takes its live links with it", func(w *world) {
		s, key, other := w.newSession(0), w.newKey(domain.RoleProject), w.newKey(domain.RoleProject)
		link := func(by string) domain.Stream {
			return domain.Stream{
				ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID, KeyID: by,
				Token: domain.NewToken(), Mode: domain.StreamControl, CreatedAt: start,
			}
		}
		mine, theirs := link(key.ID), link(other.ID)
		w.ok(w.store.CreateStream(w.ctx, mine, nil))
		w.ok(w.store.CreateStream(w.ctx, theirs, nil))
		w.ok(w.store.RevokeKey(w.ctx, key.ID, start.Add(time.Hour), false))
		w.told("the key and its session", func(c domain.Commit) bool {
			return slices.Contains(c.Keys, key.ID) && slices.Contains(c.Sessions, s.ID)
		})
		all, err := w.store.Streams(w.ctx, w.project, s.ID)
		w.ok(err)
		live := map[string]bool{}
		for _, st := range all {
			live[st.ID] = st.RevokedAt.IsZero()
		}
		w.equal("live links", live, map[string]bool{all[0].ID: true, mine.ID: false, theirs.ID: true})
		w.refused("a link by a revoked key", w.store.CreateStream(w.ctx, link(key.ID), nil), domain.CodeUnauthorized)
		w.missing("a link by no key", w.store.CreateStream(w.ctx, link("key_none"), nil))
	}},
	{"sign-ins", func(w *world) {
		in := func(name byte, made, seen time.Duration) domain.SignIn {
			return domain.SignIn{Hash: []byte{name, 0, 255}, KeyID: "key_a", CreatedAt: start.Add(made), SeenAt: start.Add(seen)}
		}
		one, old, idle := in(1, time.Hour, time.Hour), in(2, 0, time.Hour), in(3, time.Hour, 0)
		for _, s := range []domain.SignIn{one, old, idle} {
			w.ok(w.store.CreateSignIn(w.ctx, s))
		}
		got, err := w.store.SignIn(w.ctx, one.Hash)
		w.ok(err)
		w.equal("sign-in", got, one)
		one.SeenAt = start.Add(2 * time.Hour)
		w.ok(w.store.SeenSignIn(w.ctx, one.Hash, one.SeenAt))
		w.ok(w.store.SeenSignIn(w.ctx, []byte("none"), start))
		w.ok(w.store.ForgetSignIns(w.ctx, start.Add(time.Minute), start.Add(time.Minute)))
		got, err = w.store.SignIn(w.ctx, one.Hash)
		w.ok(err)
		w.equal("one that is used", got, one)
		for what, s := range map[string]domain.SignIn{"one of long ago": old, "one that was not used": idle} {
			_, err = w.store.SignIn(w.ctx, s.Hash)
			w.missing(what, err)
		}
		w.ok(w.store.EndSignIn(w.ctx, one.Hash))
		w.ok(w.store.EndSignIn(w.ctx, one.Hash))
		_, err = w.store.SignIn(w.ctx, one.Hash)
		w.missing("one that was ended", err)
	}},
	{"ping", func(w *world) {
		w.ok(w.store.Ping(w.ctx))
		w.ok(w.store.Close())
		if err := w.store.Ping(w.ctx); err == nil {
			w.Error("a closed store answers")
		}
		w.refused("a change of a closed store", w.store.ReleaseClaims(w.ctx), domain.CodeUnavailable)
		w.start()
	}},
}
