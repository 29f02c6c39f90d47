using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

/// <summary>The index brought up to date from the page: begun, followed, left, found again, cancelled.</summary>
public sealed class IndexingTests(Browser browser) : PageTest(browser)
{
    ILocator Entry => Page.Locator("#index");

    ILocator Panel => Page.GetByRole(AriaRole.Dialog, new() { Name = "Index" });

    ILocator Begin => Panel.GetByRole(AriaRole.Button, new() { Name = "Bring up to date" });

    ILocator Cancel => Panel.GetByRole(AriaRole.Button, new() { Name = "Cancel" });

    /// <summary>The sentence that screen readers are told.</summary>
    ILocator Said => Page.Locator("#tools [role=status]");

    ILocator SaidInside => Panel.GetByRole(AriaRole.Status);

    async Task OpenPanelAsync(string link = "#q=rain")
    {
        Service.Sounds.CanUpdate = true;
        await OpenHitsAsync(link);
        await PressAsync("i");
        await Expect(Begin).ToBeFocusedAsync();
    }

    async Task<MadeUpRun> RunAsync()
    {
        await PressAsync("Enter");
        await UntilAsync(() => Service.Run is not null, "a run");
        return Service.Run!;
    }

    [Fact]
    public async Task Where_the_service_does_not_index_there_is_no_entry()
    {
        await OpenHitsAsync();
        await Expect(Entry).ToBeHiddenAsync();
        await PressAsync("i");
        await Expect(Panel).ToBeHiddenAsync();
        Assert.Empty(Service.Runs);
    }

    [Fact]
    public async Task A_run_is_begun_by_keys_and_told_as_it_goes_and_the_hits_follow()
    {
        await OpenPanelAsync("#q=rain&hit=3");
        await Expect(Panel).ToContainTextAsync("sounds: 87 recordings · 18 min 7 s");
        int searches = Service.Searches.Count;
        var run = await RunAsync();
        Assert.Equal("sounds", Service.Runs.Single().GetProperty("index").GetString());
        await Expect(Cancel).ToBeFocusedAsync();
        await Expect(SaidInside).ToHaveTextAsync("Indexing has begun.");
        run.Progress(0, 0, 0, 0.1, null);
        await Expect(Panel).ToContainTextAsync("Looking for sounds.");
        run.Refuse("/library/Rain/broken.wav: is no sound");
        run.Progress(100, 400, 7_500, 50, "/library/Rain/thunder.wav");
        await Expect(Panel).ToContainTextAsync("100 of 400 files · 2 h 5 min of sound · 2 files/s · 2 min 30 s left");
        await Expect(Panel).ToContainTextAsync("thunder.wav");
        await Expect(Panel.GetByRole(AriaRole.Progressbar)).ToHaveJSPropertyAsync("value", 0.25);
        await Expect(SaidInside).ToHaveTextAsync("25 % of 400 files indexed.");
        await Panel.GetByText("1 file refused").ClickAsync();
        await Expect(Panel.GetByRole(AriaRole.Listitem)).ToHaveTextAsync(["/library/Rain/broken.wav: is no sound"]);
        run.Refuse("/library/Wind/empty.wav: is empty");
        Service.Sounds.Count = 99;
        run.End("done", added: 12, changed: 3, moved: 1, unchanged: 382, refused: 2);

        const string result = "12 added, 3 changed, 1 moved, 2 refused";
        await Expect(Panel).ToContainTextAsync(result);
        await Expect(SaidInside).ToHaveTextAsync(result);
        await Expect(Panel.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
        await Expect(Panel).ToContainTextAsync("sounds: 99 recordings");
        await Expect(Page.Locator("#library")).ToContainTextAsync("99 recordings");
        await Expect(Status).ToHaveTextAsync("99 hits in 7 ms");
        // The place in the list stays.
        await Expect(Current).ToHaveAttributeAsync("aria-posinset", "3");
        Assert.Equal(searches + 1, Service.Searches.Count);
        await PressAsync("Escape");
        await Expect(Panel).ToBeHiddenAsync();
        await Expect(Entry).ToHaveTextAsync("Index");
    }

    [Fact]
    public async Task A_page_that_is_loaded_anew_finds_the_run_again_and_a_quiet_entry_tells_its_end()
    {
        await OpenPanelAsync();
        var run = await RunAsync();
        run.Refuse("/library/Rain/broken.wav: is no sound");
        run.Progress(100, 400, 60, 50, "/library/Rain/thunder.wav");
        await Expect(Panel).ToContainTextAsync("100 of 400 files");
        await Page.ReloadAsync();
        await Expect(Entry).ToHaveTextAsync("Indexing 25 %");
        run.Progress(300, 400, 60, 150, "/library/Rain/thunder.wav");
        await Expect(Entry).ToHaveTextAsync("Indexing 75 %");
        await Expect(Said).ToHaveTextAsync("75 % of 400 files indexed.");
        run.End("done", added: 1, refused: 1);
        await Expect(Entry).ToHaveTextAsync("1 added, 1 refused");
        await Expect(Said).ToHaveTextAsync("1 added, 1 refused");
        Assert.Single(Service.Runs);
        await Entry.ClickAsync();
        await Expect(Panel).ToContainTextAsync("1 file refused");
        await Expect(Entry).ToHaveTextAsync("Index");

        // What is over is no news to a later visit; it can be looked up.
        int searches = Service.Searches.Count;
        await Page.ReloadAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(Entry).ToHaveTextAsync("Index");
        await Entry.ClickAsync();
        await Expect(Panel).ToContainTextAsync("1 added, 1 refused");
        Assert.Equal(searches + 1, Service.Searches.Count);
    }

    [Fact]
    public async Task A_run_is_cancelled_and_says_what_stays()
    {
        await OpenPanelAsync();
        var run = await RunAsync();
        run.Progress(100, 400, 60, 50, "/library/Rain/thunder.wav");
        await Expect(Panel).ToContainTextAsync("100 of 400 files");
        await Cancel.ClickAsync();
        await Expect(Panel).ToContainTextAsync("Cancelling: the file at hand is finished first.");
        await Expect(Cancel).ToBeDisabledAsync();
        await UntilAsync(() => run.IsCancelled, "the cancellation");
        run.End("cancelled", added: 5);
        await Expect(Panel).ToContainTextAsync("Cancelled after 5 added. What was indexed stays.");
        await Expect(Begin).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Where_more_files_are_refused_than_are_named_the_page_says_how_many()
    {
        await OpenPanelAsync();
        var run = await RunAsync();
        for (int i = 0; i < 1_000; i++) run.Refuse($"/library/Rain/{i}.wav: is empty");
        run.End("done", refused: 2_345);
        await Expect(Panel).ToContainTextAsync("The first 1,000 of 2,345 refused files");
    }

    [Fact]
    public async Task A_run_that_another_began_is_joined()
    {
        Expected.Add("409");
        await OpenPanelAsync();
        var run = Service.Run = new MadeUpRun();
        run.Progress(3, 4, 0, 5, "/library/Rain/thunder.wav");
        await Begin.ClickAsync();
        await Expect(Panel).ToContainTextAsync("3 of 4 files · 36 files/min · 2 s left");
        run.End("done", unchanged: 4);
        await Expect(Panel).ToContainTextAsync("Nothing to do: 4 files unchanged");
    }

    [Fact]
    public async Task A_run_that_fails_says_why_in_the_words_of_the_service()
    {
        await OpenPanelAsync();
        (await RunAsync()).Fail("/library holds no sound any more: is a disk not mounted?");
        await Expect(Panel).ToContainTextAsync("/library holds no sound any more: is a disk not mounted?");
        await Expect(Begin).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_service_that_does_not_answer_for_a_while_is_asked_for_its_run_again()
    {
        Expected.Add("ERR_");
        await OpenPanelAsync();
        bool gone = true;
        var run = Service.Run = new MadeUpRun();
        run.Progress(3, 4, 0, 5, "/library/Rain/thunder.wav");
        await Page.RouteAsync("**/v1/index", route => gone ? route.AbortAsync() : route.ContinueAsync());
        await Begin.ClickAsync();
        await Expect(Panel).ToContainTextAsync("The server does not answer. Asking again.");
        gone = false;
        await Expect(Panel).ToContainTextAsync("3 of 4 files");
    }
}
