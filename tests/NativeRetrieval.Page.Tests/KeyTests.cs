using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class KeyTests(Browser browser) : PageTest(browser)
{
    [Fact]
    public async Task Arrows_and_letters_move_and_screen_readers_follow()
    {
        await OpenAsync();
        await Field.FillAsync("rain");
        await Expect(Status).ToContainTextAsync("in 7 ms");
        await PressAsync("ArrowDown");
        await Expect(Hits).ToBeFocusedAsync();
        foreach (string key in new[] { "ArrowDown", "j", "j", "k" }) await PressAsync(key);
        await Expect(Current).ToContainTextAsync("Wind-00003.wav");
        Assert.Equal(await Current.GetAttributeAsync("id"), await Hits.GetAttributeAsync("aria-activedescendant"));
        await Expect(Current).ToHaveAttributeAsync("aria-posinset", "3");
        await Expect(Current).ToHaveAttributeAsync("aria-setsize", "87");
        await PressAsync("Home");
        await PressAsync("ArrowUp");
        await Expect(Field).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Slash_Escape_and_the_question_mark_go_where_they_should()
    {
        await OpenHitsAsync();
        await PressAsync("/");
        await Expect(Field).ToBeFocusedAsync();
        await PressAsync("Enter");
        await PressAsync("?");
        await Expect(Page.GetByRole(AriaRole.Dialog, new() { Name = "Keys" })).ToContainTextAsync("find sounds like this one");
        await PressAsync("Escape");
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        await PressAsync("Escape");
        await Expect(Field).ToBeFocusedAsync();
        // Letters belong to the field while it has the focus.
        await Page.Keyboard.TypeAsync("sxj ?");
        await Expect(Field).ToHaveValueAsync("sxj ?");
    }

    [Fact]
    public async Task S_finds_similar_sounds()
    {
        await OpenHitsAsync();
        await PressAsync("ArrowDown");
        await PressAsync("s");
        await Expect(Field).ToHaveValueAsync("");
        await Expect(Page.GetByRole(AriaRole.List, new() { Name = "Sounds searched by" })).ToContainTextAsync("Metal-00002.wav 0:01.0");
        var search = await SearchedAsync(search => search.GetProperty("parts")[0].TryGetProperty("id", out _));
        Assert.Equal("""[{"id":"s1","weight":1,"start_seconds":1}]""", search.GetProperty("parts").GetRawText());

        // Words join the example, which can also lead away.
        await Field.FillAsync("wind");
        await Page.GetByLabel("How much Metal-00002.wav 0:01.0 counts").SelectOptionAsync("unlike");
        search = await SearchedAsync(search => search.GetProperty("parts").GetArrayLength() == 2
            && search.GetProperty("parts")[1].GetProperty("weight").GetDouble() == -1);
        Assert.Equal("wind", search.GetProperty("parts")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task X_picks_and_a_selection_is_heard_by_screen_readers()
    {
        await OpenHitsAsync();
        await PressAsync("x");
        await Expect(Current).ToHaveAttributeAsync("aria-selected", "true");
        await Expect(Page.GetByText("1 hit picked")).ToBeVisibleAsync();
        await PressAsync("x");
        await Expect(Current).ToHaveAttributeAsync("aria-selected", "false");
        await PressAsync("Shift+X");
        await Expect(Page.GetByText("87 hits picked")).ToBeVisibleAsync();
    }
}
