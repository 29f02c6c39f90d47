using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class LinkTests(Browser browser) : PageTest(browser)
{
    [Fact]
    public async Task A_link_holds_the_whole_state()
    {
        await OpenHitsAsync();
        await PressAsync("ArrowDown");
        await PressAsync("x");
        await Page.GetByLabel("Ranking", new() { Exact = true }).SelectOptionAsync("Sound alone");
        await Page.Locator("[data-chip='Name']").ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Combobox).FillAsync("*.wav");
        await PressAsync("Escape");
        await SearchedAsync(search => search.GetProperty("filter").TryGetProperty("name", out _));
        await Expect(Hits).ToHaveAttributeAsync("aria-busy", "false");
        await Hits.FocusAsync();
        await PressAsync("ArrowDown");
        await PressAsync("ArrowDown");
        await PressAsync("Enter");
        await Page.WaitForFunctionAsync("() => location.hash.includes('open=')");

        var copy = await Page.Context.NewPageAsync();
        await copy.GotoAsync(Page.Url);
        await Expect(copy.GetByLabel("What to look for")).ToHaveValueAsync("rain");
        await Expect(copy.Locator("[data-chip='Name']")).ToHaveTextAsync("Name: *.wav");
        await Expect(copy.GetByLabel("Ranking", new() { Exact = true })).ToHaveValueAsync("0");
        await Expect(copy.GetByText("1 hit picked")).ToBeVisibleAsync();
        await Expect(copy.Locator(".row.current")).ToContainTextAsync("Wind-00003.wav");
        await Expect(copy.Locator(".row[aria-selected='true']")).ToContainTextAsync("Metal-00002.wav");
        await Expect(copy.Locator("#timeline")).ToContainTextAsync("Wind-00003.wav");
    }

    [Fact]
    public async Task Back_and_forward_go_over_the_questions()
    {
        await OpenHitsAsync();
        await PressAsync("s");
        await Expect(Field).ToHaveValueAsync("");
        await Field.FillAsync("wind");
        await Expect(Status).ToContainTextAsync("in 7 ms");
        await Page.GoBackAsync();
        await Expect(Field).ToHaveValueAsync("");
        await Expect(Page.Locator("#examples")).ToContainTextAsync("Rain-00001.wav");
        await Page.GoBackAsync();
        await Expect(Field).ToHaveValueAsync("rain");
        await Expect(Page.Locator("#examples")).ToBeHiddenAsync();
        await Page.GoForwardAsync();
        await Page.GoForwardAsync();
        await Expect(Field).ToHaveValueAsync("wind");
    }

    [Fact]
    public async Task Letters_of_one_word_are_one_step_of_history()
    {
        await OpenAsync();
        await Field.PressSequentiallyAsync("rain");
        await Expect(Status).ToContainTextAsync("in 7 ms");
        await Page.GoBackAsync();
        await Expect(Field).ToHaveValueAsync("");
        await Expect(Page.GetByText("Say what it sounds like")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("#q=rain&min=abc&hit=-5&words=x&pick=a~b&like=&open=")]
    [InlineData("#q=rain&group=none&%%%=&=&hit=1e99")]
    public async Task A_link_that_nobody_made_is_read_as_far_as_it_goes(string link)
    {
        await OpenAsync(link);
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
    }
}
