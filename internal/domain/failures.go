package domain

// FailureCode is a code of a Failure, as the documents explain it.
type FailureCode struct {
	Code string
	Says string // sentences: what it means, and what to do
}

// FailureCodes are those of steps that failed, by what they are about.
var FailureCodes = []struct {
	Of    string
	Codes []FailureCode
}{
	{"Targets", []FailureCode{
		{"target_not_found", "Nothing matched until the step's time was over. seen names the nearest candidates, and how far a chain got."},
		{"target_ambiguous", "Several elements match, and an action takes one. seen has a target for each that means it alone."},
		{"target_invalid", "The target can't be read, such as a CSS selector that is none."},
		{"target_hidden", "The element is there, and not visible."},
		{"target_disabled", "The element, or what it is a part of, is disabled."},
		{"target_not_editable", "The element takes no text, is read-only, or does not hold what was to be chosen."},
		{"target_not_checkable", "The element is neither a checkbox nor a radio button, or can't be unchecked."},
		{"target_not_frame", "What a frame was to be found by is no frame."},
		{"target_not_table", "extract was to read a table, and the element is none and in none."},
		{"target_moving", "The element did not come to rest."},
		{"target_out_of_view", "The element can't be scrolled into view, or its frame is not drawn."},
		{"target_covered", "Something else is where the mouse would go; seen says what."},
	}},
	{"Acting", []FailureCode{
		{"click_missed", "Something moved the target away while the button was down on it. The page may have acted, so the step is not tried again by itself."},
		{"input_unheard", "The browser brought the input to no page, or only a part of it: the page was being left, or its frames moved. The page may have acted."},
		{"value_invalid", "The field can't hold the value; seen says which form it takes."},
		{"value_not_held", "The field holds something else than was written: the page refused it, or wrote another."},
		{"option_not_found", "The list has no such option, or shows none."},
		{"option_not_chosen", "The option was clicked, and doesn't say that it is chosen."},
		{"drop_refused", "Nothing where it was let go takes what was dragged."},
		{"upload_refused", "The field doesn't take such files, or nothing asks for files."},
		{"artifact_not_found", "The session has no artifact with the id."},
		{"artifact_not_read", "The artifact is there, and could not be read."},
		{"file_not_fetched", "There is no file at the address, or it could not be had; message says why."},
		{"dialog_rules_full", "Too many rules wait for the next dialogs: reset them."},
		{"cookie_invalid", "The browser did not take the cookies; message has its word."},
		{"storage_failed", "The storage could not be read or set."},
		{"too_many_secrets", "The session keeps as many secrets from being told as it can."},
	}},
	{"Pages and tabs", []FailureCode{
		{"name_not_resolved", "The address's name has no address on the network."},
		{"connection_failed", "Nobody listens at the address, or there is no way to it; also a proxy that can't be used."},
		{"certificate_invalid", "The server's certificate is not to be trusted. ignoreCertificateErrors opens the page all the same."},
		{"tls_failed", "The server doesn't speak TLS as it should."},
		{"too_many_redirects", "The server sends the browser in a circle."},
		{"response_invalid", "The server answered with nothing, or with what is no answer."},
		{"authentication_required", "The server asks for a user and a password: give the session httpCredentials."},
		{"address_blocked", "No browser opens the port, or the session may not reach the address: it is private and not opened by browser-allow, or its network rules close it."},
		{"navigation_aborted", "There is no new page: the server has none to show (204), or something stopped it."},
		{"navigation_download", "The address is a download, which the action download keeps."},
		{"page_not_left", "The page asked whether to be left, and a rule for beforeunload dismissed that."},
		{"navigation_failed", "The page could not be opened; message has the browser's word."},
		{"page_crashed", "The page's process died. The session lives: goto, reload, back and forward give it another."},
		{"tab_closed", "The tab closed while the step acted in it."},
		{"tab_not_found", "No tab is as said; seen lists them."},
		{"tab_ambiguous", "Several tabs are as said; seen lists them."},
		{"too_many_tabs", "The session has as many tabs as it may have: close one."},
		{"popup_not_opened", "With popup: no tab was opened."},
	}},
	{"Results", []FailureCode{
		{"assertion_failed", "What was asserted isn't so; message says what was expected and what was there."},
		{"evaluation_failed", "The JavaScript threw; message has what."},
		{"result_too_large", "What the step would answer is too large: ask for less of it."},
		{"picture_too_large", "The picture would have more pixels than the browser draws: take a part of it."},
		{"pdf_failed", "The page can't be printed so; message has the browser's word."},
		{"markdown_failed", "No Markdown can be made of the element."},
		{"secrets_not_covered", "The page showed what was covered while the picture was taken, so there is none."},
		{"mask_not_laid", "What was to be masked could not be covered, so there is no picture."},
		{"artifact_not_saved", "What the step made could not be kept: the server's disk or bucket has trouble."},
		{"download_not_started", "No download began, or the address is a page."},
		{"download_failed", "The download broke off."},
		{"download_too_large", "The file has more than the server's max-download."},
		{"too_many_downloads", "The session downloads as many files at once as it may."},
	}},
	{"The step itself", []FailureCode{
		{"timeout", "Its time was over; waitedFor and seen say for what it waited and what was there."},
		{"canceled", "It was canceled while it ran."},
		{"interrupted", "Its browser, or the server, was lost while it ran. Whether it had its effect isn't known, and it is never run again by itself: look at the page, and add it again if it is safe."},
		{"browser_gone", "The browser ended while it ran."},
		{"browser_refused", "The browser refused what the step asked of it; message has its word."},
		{"step_unreadable", "It was stored by another version of the server."},
	}},
}

// SessionFailureCodes are those of sessions that failed, or whose browser was lost.
var SessionFailureCodes = []FailureCode{
	{"browser_not_found", "No Chromium is installed where the setting chromium, or the system, has it."},
	{"browser_start_failed", "Chromium ended before it could be used; lines has its last words. browserhook doctor finds most reasons."},
	{"browser_start_timeout", "Chromium took too long to start."},
	{"browser_crashed", "Chromium died, was ended from outside, or hung."},
	{"out_of_memory", "The browser took more memory than browser-memory, and was ended; used and limit say how much."},
	{"out_of_disk", "The browser's files took more than browser-disk, and it was ended."},
	{"too_many_processes", "The browser had more processes than browser-processes, and was ended."},
	{"secrets_unreadable", "The session's secrets were encrypted with another master key than the server has."},
}
