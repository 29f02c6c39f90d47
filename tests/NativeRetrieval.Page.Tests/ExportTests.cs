using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class ExportTests(Browser browser) : PageTest(browser)
{
    [Theory]
    [InlineData("CSV", "csv")]
    [InlineData("M3U", "m3u")]
    [InlineData("ZIP", "zip")]
    public async Task Picked_hits_are_saved(string button, string format)
    {
        await OpenHitsAsync();
        await PressAsync("x");
        await Page.Locator(".row .tick").Nth(2).ClickAsync();
        await Expect(Page.GetByText("2 hits picked")).ToBeVisibleAsync();
        var saved = await Page.RunAndWaitForDownloadAsync(() => Page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync());
        Assert.Equal($"hits.{format}", saved.SuggestedFilename);
        Assert.Equal("exported", await File.ReadAllTextAsync(await saved.PathAsync(), TestContext.Current.CancellationToken));
        string asked = Assert.Single(Service.Exports).GetRawText();
        // A table says what the search said, too.
        string first = format != "csv" ? "" : ""","rank":1,"score":0.9,"percentile":99.95,"sound_rank":1,"word_rank":1"""
            + ""","meaning_rank":1,"words":["rain"]""";
        string third = format != "csv" ? "" : ""","rank":3,"score":0.8999980000000001,"percentile":99.95,"sound_rank":3,"word_rank":null"""
            + ""","meaning_rank":null,"words":[]""";
        Assert.Equal($$"""{"format":"{{format}}","hits":[{"id":"s0","start_seconds":1,"end_seconds":2{{first}}},"""
            + $$"""{"id":"s2","start_seconds":1,"end_seconds":2{{third}}}]}""", asked);

        await Page.GetByRole(AriaRole.Button, new() { Name = "Clear" }).ClickAsync();
        await Expect(Page.GetByText("picked")).ToBeHiddenAsync();
    }
}
