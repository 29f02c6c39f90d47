using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Vectors;

public sealed class VectorFolderTests : IDisposable
{
    const string Model = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    readonly TemporaryFolder _folder = new();
    readonly Dataset _data = new("x.csv", [Clip("a, b.wav"), Clip("ü.wav")]);
    readonly EvaluationVectors _vectors = new(2, ["a, b.wav", "ü.wav"], [1, 0, 0, 2], ["rain", "\"wind\""], [3, 0, 0, 1]);

    public void Dispose() => _folder.Dispose();

    VectorFolder Store => new(_folder["vectors"]);

    [Fact]
    public void WhatWasSavedIsFoundAndScoresAnyOfItsTexts()
    {
        Assert.Null(Store.Find(Model, _data));
        Store.Save(Model, _data, _vectors, "sounds");
        var found = Store.Find(Model, _data, _ => "sounds")!;
        Assert.Equal(_vectors.ClipNames, found.ClipNames);
        var scores = found.Score(["\"wind\"", "rain", "rain"]);
        Assert.Equal([0, 1], scores.Row(0));
        Assert.Equal([1, 0], scores.Row(2));
        Assert.Equal(_vectors.Score(_vectors.Texts).Row(1), found.Score(found.Texts).Row(1));
        Assert.Contains("no vector of the text \"snow\"", Assert.Throws<OptionException>(() => found.Score(["snow"])).Message);
    }

    [Fact]
    public void AnotherModelAndOtherClipsHaveTheirOwnVectors()
    {
        Store.Save(Model, _data, _vectors, "sounds");
        Assert.Null(Store.Find("f" + Model[1..], _data));
        Assert.Null(Store.Find(Model, _data with { Clips = [_data.Clips[0]] }));
    }

    [Fact]
    public void ChangedSoundsAreRefused()
    {
        Store.Save(Model, _data, _vectors, VectorFolder.SoundsHash(_data, path => path));
        Assert.NotNull(Store.Find(Model, _data, _ => VectorFolder.SoundsHash(_data, path => path)));
        Assert.Contains("the sounds have changed",
            Assert.Throws<OptionException>(() => Store.Find(Model, _data, _ => VectorFolder.SoundsHash(_data, path => path + "!")))
            .Message);
    }

    [Fact]
    public void ADamagedFileIsRefusedWithWhatToDo()
    {
        Store.Save(Model, _data, _vectors, "sounds");
        string path = Store.PathOf(Model, _data);
        Dictionary<string, string> metadata;
        using (var file = SafetensorsFile.Open(path)) metadata = new(file.Metadata);
        SafetensorsWriter.Write(path,
            [SafetensorsItem.Float32("audio", [2, 2], new float[4]), SafetensorsItem.Float32("text", [1, 2], new float[2])], metadata);
        Assert.Contains("save the vectors again", Assert.Throws<CorruptFileException>(() => Store.Find(Model, _data)).Message);
        File.WriteAllText(path, "text");
        Assert.Throws<CorruptFileException>(() => Store.Find(Model, _data));
    }

    static Clip Clip(string name) => new(name, name, ["x"], 0);
}
