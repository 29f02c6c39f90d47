namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Marks the values that a walk over a pickle is looking for.</summary>
interface ITensorValue;
