using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Engines.Tests;

public abstract partial class EngineContract
{
    /// <summary>Commands of which the place of the index alone differs print the same, also after sounds have changed.</summary>
    [Fact]
    public async Task Commands_say_of_it_what_they_say_of_a_folder()
    {
        using var area = new TemporaryFolder();
        IndexCommands local = new(area, area["sounds.nrx"]), remote = new(area, Address(NewName()));
        local.Prepare();
        Assert.Equal(await local.IndexAsync(), await remote.IndexAsync());
        var answers = await local.AnswersAsync();
        Assert.Equal(answers, await remote.AnswersAsync());

        File.Move(local.Sound("bell.wav"), local.Sound("Dogs/a bell and a dog.wav"));
        File.Delete(local.Sound("door.wav"));
        WavFile.Write(local.Sound("door.wav"), 1.5, 1_700);
        Assert.Equal(await local.IndexAsync(), await remote.IndexAsync());
        var changed = await local.AnswersAsync();
        Assert.Equal(changed, await remote.AnswersAsync());
        Assert.NotEqual(answers, changed);
    }
}
