using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class ProblemTests(Browser browser) : PageTest(browser)
{
    [Fact]
    public async Task A_busy_service_is_asked_again_after_the_time_that_it_says()
    {
        Expected.Add("429");
        Service.Refusal = (429, "16 requests wait", 1);
        await OpenAsync();
        await Field.FillAsync("rain");
        await Expect(Notice).ToContainTextAsync("The server is busy. Trying again in 1 second.");
        Service.Refusal = null;
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(Notice).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_service_that_is_gone_is_asked_again()
    {
        Expected.Add("ERR_");
        await OpenHitsAsync();
        bool gone = true;
        await Page.RouteAsync("**/v1/search", route => gone ? route.AbortAsync() : route.ContinueAsync());
        await Field.FillAsync("wind");
        await Expect(Notice).ToContainTextAsync(
            "The server does not answer. Is “nativeretrieval serve” still running? Trying again in 3 seconds.");
        // What was found before stays in sight.
        await Expect(Hits.GetByRole(AriaRole.Option).First).ToBeVisibleAsync();
        gone = false;
        await Page.GetByRole(AriaRole.Button, new() { Name = "Try now" }).ClickAsync();
        await Expect(Notice).ToBeEmptyAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
    }

    [Theory]
    [InlineData(422, "the name filter has 65 wildcards; at most 64 are taken")]
    [InlineData(503, "the model folder is gone: /models/x")]
    public async Task A_refusal_is_told_in_the_words_of_the_service(int status, string detail)
    {
        Expected.Add($"{status}");
        Service.Refusal = (status, detail, null);
        await OpenAsync();
        await Field.FillAsync("rain");
        await Expect(Notice).ToContainTextAsync(detail);
    }

    [Fact]
    public async Task The_key_is_asked_for_once_and_stays_in_the_tab()
    {
        Expected.Add("401");
        Service.Key = "0123456789abcdef";
        await Page.GotoAsync($"{Service.Address}/#q=rain");
        var dialog = Page.GetByRole(AriaRole.Dialog, new() { Name = "This server asks for its key" });
        await dialog.GetByLabel("The key").FillAsync("not the key of this one");
        await PressAsync("Enter");
        await dialog.GetByLabel("The key").FillAsync(Service.Key);
        await PressAsync("Enter");
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(dialog).ToBeHiddenAsync();

        // Audio elements send no key: what they play is fetched with it.
        await Hits.FocusAsync();
        await PressAsync(" ");
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();
        await Page.ReloadAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(dialog).ToBeHiddenAsync();
        Assert.DoesNotContain(Service.Key, Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_key_the_page_says_so()
    {
        Expected.Add("401");
        Service.Key = "0123456789abcdef";
        await Page.GotoAsync(Service.Address);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Not now" }).ClickAsync();
        await Expect(Notice).ToContainTextAsync("This server asks for its key.");
    }
}
