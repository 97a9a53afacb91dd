package storetest

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var accessTests = []test{
	{"projects", func(w *world) {
		w.refused("a name twice", w.store.CreateProject(w.ctx, domain.Project{ID: domain.NewID(domain.PrefixProject), Name: "default"}), domain.CodeConflict)
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
		key := domain.APIKey{
			ID: domain.NewID(domain.PrefixKey), ProjectID: w.project, Name: "ci", Prefix: "bh_abcdefgh",
			Hash: []byte{0, 1, 2, 255}, CreatedAt: start,
		}
		w.ok(w.store.CreateKey(w.ctx, key))
		other := key
		other.ID, other.ProjectID, other.Hash = domain.NewID(domain.PrefixKey), w.newProject("other"), []byte{9}
		w.ok(w.store.CreateKey(w.ctx, other))
		found, err := w.store.KeysByPrefix(w.ctx, key.Prefix)
		w.ok(err)
		w.equal("keys of the prefix, any project's", len(found), 2)
		none, err := w.store.KeysByPrefix(w.ctx, "bh_")
		w.ok(err)
		w.empty("keys of another prefix", none)
		mine, err := w.store.Keys(w.ctx, w.project)
		w.ok(err)
		w.equal("keys", mine, []domain.APIKey{key})
		w.ok(w.store.RevokeKey(w.ctx, w.project, key.ID, start.Add(time.Hour)))
		w.ok(w.store.RevokeKey(w.ctx, w.project, key.ID, start.Add(2*time.Hour)))
		mine, err = w.store.Keys(w.ctx, w.project)
		w.ok(err)
		key.RevokedAt = start.Add(time.Hour)
		w.equal("revoked", mine, []domain.APIKey{key})
		w.missing("revoke", w.store.RevokeKey(w.ctx, w.project, "key_none", start))
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
