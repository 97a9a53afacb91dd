package egress

import (
	"flag"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var quiet = flag.Duration("quiet", 2*time.Second, "how long TestNothingElseIsAskedFor looks at a browser")

// TestNothingElseIsAskedFor: by itself the browser wants nothing of the network, whatever
// features a page uses that others' services stand behind: what a session has sent and
// was refused is its pages' own.
func TestNothingElseIsAskedFor(t *testing.T) {
	for _, program := range []string{"shell", "chromium"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			r := start(t, kinds[0], domain.SessionOptions{Browser: program, Network: &domain.Network{Allow: []string{siteRange.Addr().String()}}, Permissions: []string{"geolocation", "notifications", "microphone"}})
			if err := r.evaluate(t.Context(), `
				add('<form><input name=user autocomplete=username value=me><input type=password autocomplete=current-password value=secret><textarea lang=de>Guten Tag, das ist ein Text</textarea></form><p lang=fr>Bonjour tout le monde</p>');
				const tries = [
					() => new Promise(r => navigator.geolocation.getCurrentPosition(r, r)),
					() => Notification.requestPermission(),
					async () => { const w = await navigator.serviceWorker.register("/service.js?to=/", { scope: "/push/" }); await soon(); await w.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: new Uint8Array(65).fill(4) }) },
					() => new Promise(r => { const s = new (self.SpeechRecognition || self.webkitSpeechRecognition)(); s.onerror = s.onend = r; s.start() }),
					() => { speechSynthesis.getVoices(); speechSynthesis.speak(new SpeechSynthesisUtterance("x")) },
					() => Translator.create({ sourceLanguage: "de", targetLanguage: "fr" }), () => LanguageDetector.create(), () => LanguageModel.create(), () => Summarizer.create(),
					() => navigator.requestMediaKeySystemAccess("com.widevine.alpha", [{ initDataTypes: ["cenc"], videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"' }] }]),
					() => new PresentationRequest("https://example.com/").getAvailability(), () => document.createElement("video").remote.watchAvailability(() => 0),
					() => navigator.credentials.get({ password: true, mediation: "silent" }), () => document.browsingTopics(), () => navigator.getInstalledRelatedApps(),
					() => navigator.share({ url: "/" }), () => document.hasStorageAccess(), () => navigator.storage.persist(),
				];
				await Promise.race([Promise.allSettled(tries.map(async (t) => t())), soon(2000)]);
				document.querySelector("form").requestSubmit()`); err != nil {
				t.Error(err)
			}
			<-time.After(*quiet)
			if got := r.Usage(t.Context()); got.Refused > 0 || got.SentBytes == 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}
