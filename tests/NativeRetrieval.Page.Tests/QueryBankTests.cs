using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

/// <summary>The switch that takes usual hits down, by the server's query bank.</summary>
public sealed class QueryBankTests(Browser browser) : PageTest(browser)
{
    ILocator Switch => Page.GetByRole(AriaRole.Button, new() { Name = "Usual hits lower" });

    [Fact]
    public async Task The_switch_asks_for_the_bank_and_says_so_beside_the_hits()
    {
        Service.Sounds.BankSentences = 1_245;
        await OpenHitsAsync();
        await Expect(Switch).ToHaveAttributeAsync("aria-pressed", "false");
        await Expect(Switch).ToHaveAttributeAsync("title",
            "Sounds that come to almost every sentence rank lower, judged by 1,245 sentences");
        Assert.False(Asks(Service.Searches.Last()));
        await Switch.ClickAsync();
        await SearchedAsync(Asks);
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms, usual hits lower");
        await Expect(Page.Locator(".row").First.GetByText("sound #1")).ToHaveAttributeAsync("title",
            "Its place by sound, with usual hits lower: not by the score alone");
        await Expect(Switch).ToBeFocusedAsync();

        var copy = await Page.Context.NewPageAsync();
        await copy.GotoAsync(Page.Url);
        await Expect(copy.GetByRole(AriaRole.Button, new() { Name = "Usual hits lower" })).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(copy.Locator("#status")).ToHaveTextAsync("87 hits in 7 ms, usual hits lower");

        await Switch.ClickAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(Page.Locator(".row").First.GetByText("sound #1")).Not.ToHaveAttributeAsync("title", new Regex("."));
    }

    [Fact]
    public async Task A_question_of_sounds_alone_is_asked_without()
    {
        Service.Sounds.BankSentences = 12;
        await OpenHitsAsync("#q=rain&bank=1");
        await SearchedAsync(Asks);
        int before = Service.Searches.Count;
        await PressAsync("s");
        await UntilAsync(() => Service.Searches.Count > before, "a search by example");
        Assert.False(Asks(Service.Searches.Last()));
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
    }

    [Fact]
    public async Task Where_the_server_has_none_there_is_no_switch_but_for_a_link_that_asks_for_it()
    {
        await OpenHitsAsync();
        await Expect(Page.Locator("[data-chip='grouping']")).ToBeVisibleAsync();
        await Expect(Switch).ToHaveCountAsync(0);
        Service.Refusal = (422, "this service has no query bank", null);
        Expected.Add("422");
        await OpenAsync("#q=wind&bank=1");
        await Expect(Notice).ToContainTextAsync("this service has no query bank");
        await Expect(Switch).ToHaveAttributeAsync("title", "This server has no query bank");
        Service.Refusal = null;
        await Switch.ClickAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(Switch).ToHaveCountAsync(0);
    }

    static bool Asks(JsonElement search) => search.TryGetProperty("query_bank", out var bank) && bank.GetBoolean();
}
